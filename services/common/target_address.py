"""Which addresses a customer may send us to. Pure.

A webhook's or an output's URL comes from outside, and we connect from inside: what is not an ordinary public address is
refused, so that nobody reaches our own servers, a cloud's metadata service or a neighbour through us (server-side
request forgery). The lists are IANA's registries of special-purpose addresses, and everything outside of 2000::/3.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from services.common.errors import AppError, Kind

MAX_URL = 2048

_V4 = {
    "an address of no host": ("0.0.0.0/8",),
    "a private address": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    "a carrier's shared address": ("100.64.0.0/10",),
    "a loopback address": ("127.0.0.0/8",),
    "a link-local address": ("169.254.0.0/16",),
    "a reserved address": ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
    "an address for documentation": ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),
    "a multicast address": ("224.0.0.0/4",),
}
_V6 = {
    "an address of no host": ("::/128",),
    "a loopback address": ("::1/128",),
    "an IPv4 address in disguise": ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "2002::/16"),
    "a translated (NAT64) address": ("64:ff9b::/96", "64:ff9b:1::/48"),
    "a private address": ("fc00::/7",),
    "a link-local address": ("fe80::/10", "fec0::/10"),
    "a multicast address": ("ff00::/8",),
    "an address for documentation": ("2001:db8::/32", "3fff::/20"),
    "a reserved address": ("2001::/23",),
}
_V4_REFUSED = [(IPv4Network(network), why) for why, networks in _V4.items() for network in networks]
_V6_REFUSED = [(IPv6Network(network), why) for why, networks in _V6.items() for network in networks]
_V6_PUBLIC = IPv6Network("2000::/3")

_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
_MAX_HOST = 253


@dataclass(frozen=True, slots=True)
class Target:
    """Where an URL leads: `host` in ASCII, without brackets; `path` is what is asked for there, query included."""

    scheme: str
    host: str
    port: int
    path: str


def refusal(address: str) -> str | None:
    """What is wrong with connecting to an IP address ("a loopback address"), None if nothing is."""
    try:
        found = ip_address(address)
    except ValueError:
        return "no address"
    if isinstance(found, IPv4Address):
        return next((why for network, why in _V4_REFUSED if found in network), None)
    return _refusal_v6(found)


def _refusal_v6(address: IPv6Address) -> str | None:
    if address.scope_id is not None:
        return "an address of one interface"
    for network, why in _V6_REFUSED:
        if address in network:
            return why
    return None if address in _V6_PUBLIC else "a reserved address"


def read_target(url: str, ports: dict[str, int], *, field: str, allows_private: bool) -> Target:
    """The parts of an URL whose scheme is one of `ports` (scheme -> its usual port).

    AppError(INVALID) names `field` for an URL that cannot be used and for credentials in it; unless private targets are
    allowed, also for an address that is refused and for a number in place of a name.
    """
    parts = _split(url, ports, field)
    host, port = parts.hostname or "", parts.port
    if parts.username is not None or parts.password is not None:
        raise AppError(Kind.INVALID, "must not contain a user or a password", field=field)
    host = _ascii(host, field)
    if not allows_private:
        _check_host(host, field)
    if port == 0:
        raise AppError(Kind.INVALID, "has no port that one could connect to", field=field)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or ports[parts.scheme], path)


def _split(url: str, ports: Collection[str], field: str) -> SplitResult:
    if len(url) > MAX_URL or not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise AppError(Kind.INVALID, f"must be an URL of at most {MAX_URL} printable ASCII characters", field=field)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise AppError(Kind.INVALID, "is no URL", field=field) from None
    if parts.scheme not in ports or not parts.hostname:
        raise AppError(Kind.INVALID, f"must be an URL of {' or '.join(sorted(ports))} with a host", field=field)
    return parts


def _ascii(host: str, field: str) -> str:
    """Refuses what is neither an IPv6 address nor a name of letters, digits and hyphens."""
    if ":" in host:
        return host
    name = host.removesuffix(".")
    if len(name) > _MAX_HOST or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise AppError(Kind.INVALID, "has a host that is no name", field=field)
    return name.lower()


def _check_host(host: str, field: str) -> None:
    if is_address(host):
        why = refusal(host)
        if why is not None:
            raise AppError(Kind.INVALID, f"leads to {why}; only public ones are connected to", field=field)
    elif ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]):
        # 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to some resolvers and names to others.
        raise AppError(Kind.INVALID, "has a host that is neither a name nor a plain address", field=field)
    elif host == "localhost" or host.endswith(".localhost"):
        raise AppError(Kind.INVALID, "leads to a loopback address; only public ones are connected to", field=field)


def is_address(host: str) -> bool:
    """Whether a host is an IP address in its usual form."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
