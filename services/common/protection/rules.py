"""Access rules of a token: the first that matches decides, and where none does one may watch. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

MAX_RULES = 5
MAX_VALUES = 250

CountryOf = Callable[[IPv4Address | IPv6Address], str]
"""The country of an address, ISO 3166-1; empty where it is not known."""


class RuleError(ValueError):
    """A rule cannot be understood; the text says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `networks` and `countries` are those of its type alone."""

    kind: str
    """"any", "ip.src" or "ip.geoip.country"."""
    allows: bool
    networks: tuple[object, ...] = ()
    countries: frozenset[str] = frozenset()


def parse_rules(claim: object) -> tuple[Rule, ...]:
    """The claim `accessRules`. RuleError if it is none, so that what is not understood lets nobody in."""
    if claim is None:
        return ()
    if not isinstance(claim, list) or len(claim) > MAX_RULES:
        raise RuleError(f"accessRules must be a list of at most {MAX_RULES}")
    return tuple(_parse(each) for each in claim)


def _parse(claim: object) -> Rule:
    if not isinstance(claim, dict) or claim.get("action") not in {"allow", "block"}:
        raise RuleError("a rule needs an action, allow or block")
    allows = claim["action"] == "allow"
    match claim.get("type"):
        case "any":
            return Rule("any", allows)
        case "ip.src":
            return Rule("ip.src", allows, networks=tuple(_network(text) for text in _texts(claim, "ip")))
        case "ip.geoip.country":
            return Rule("ip.geoip.country", allows, countries=frozenset(_texts(claim, "country")))
    raise RuleError("a rule's type is any, ip.src or ip.geoip.country")


def _texts(claim: dict[str, object], name: str) -> list[str]:
    found = claim.get(name)
    if not isinstance(found, list) or not found or len(found) > MAX_VALUES:
        raise RuleError(f"{name} must be a list with 1 to {MAX_VALUES} entries")
    texts = [text for text in found if isinstance(text, str)]
    if len(texts) != len(found):
        raise RuleError(f"{name} must hold text")
    return texts


def _network(text: str) -> object:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise RuleError(f"{text[:64]} is no address and no network") from None


def may_watch(rules: Sequence[Rule], address: str, country_of: CountryOf) -> bool:
    """Whether somebody at this address may. An address that is none matches only `any`."""
    found = _address(address)
    return next((rule.allows for rule in rules if _matches(rule, found, country_of)), True)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found  # a dual-stack socket writes IPv4 in the form of IPv6


def _matches(rule: Rule, address: IPv4Address | IPv6Address | None, country_of: CountryOf) -> bool:
    if rule.kind == "any":
        return True
    if address is None:
        return False
    if rule.kind == "ip.src":
        return any(address in network for network in rule.networks)  # type: ignore[operator]  # ip_network's two types
    return country_of(address) in rule.countries
