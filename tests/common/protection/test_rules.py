"""Access rules: first match decides, no match lets in, and what is not understood is refused."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from services.common.protection.rules import RuleError, may_watch, parse_rules


def nowhere(_address: IPv4Address | IPv6Address) -> str:
    return ""


def vienna(_address: IPv4Address | IPv6Address) -> str:
    return "AT"


BLOCK = {"type": "ip.src", "action": "block", "ip": ["10.1.2.0/24", "2001:db8::1"]}
AUSTRIA = {"type": "ip.geoip.country", "action": "allow", "country": ["AT", "DE"]}
NOBODY = {"type": "any", "action": "block"}


@pytest.mark.parametrize(
    ("claim", "address", "expected"),
    [
        (None, "10.1.2.3", True),
        ([BLOCK], "10.1.2.3", False),
        ([BLOCK], "10.1.3.3", True),
        ([BLOCK], "::ffff:10.1.2.3", False),
        ([BLOCK], "2001:db8::1", False),
        ([BLOCK], "2001:db8::2", True),
        ([{"type": "ip.src", "action": "block", "ip": ["0.0.0.0/0"]}], "2001:db8::2", True),
        ([{**BLOCK, "action": "allow"}, NOBODY], "10.1.2.9", True),
        ([{**BLOCK, "action": "allow"}, NOBODY], "10.9.9.9", False),
        ([NOBODY], "not an address", False),
        ([BLOCK], "not an address", True),
    ],
)
def test_first_rule_that_matches_decides(claim: object, address: str, expected: bool) -> None:
    """A rule of IPv4 never matches IPv6, and an address that is none matches nothing but `any`."""
    assert may_watch(parse_rules(claim), address, nowhere) is expected


def test_country_is_asked_of_the_table() -> None:
    """Unknown countries match no rule."""
    rules = parse_rules([AUSTRIA, NOBODY])
    assert may_watch(rules, "192.0.2.1", vienna)
    assert not may_watch(rules, "192.0.2.1", nowhere)


@pytest.mark.parametrize(
    "claim",
    [
        "any",
        [BLOCK] * 6,
        ["any"],
        [{"type": "any"}],
        [{"type": "any", "action": "maybe"}],
        [{"type": "asn", "action": "allow"}],
        [{"type": "ip.src", "action": "allow"}],
        [{"type": "ip.src", "action": "allow", "ip": []}],
        [{"type": "ip.src", "action": "allow", "ip": ["10.0.0.300"]}],
        [{"type": "ip.src", "action": "allow", "ip": [1]}],
        [{"type": "ip.geoip.country", "action": "allow", "country": "AT"}],
    ],
)
def test_rule_that_is_not_understood_is_refused(claim: object) -> None:
    """A block that is passed over would let in whom it was to keep out."""
    with pytest.raises(RuleError):
        parse_rules(claim)
