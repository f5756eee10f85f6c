"""Addresses and URLs that a customer may name, and those that he may not."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis.strategies import from_regex, ip_addresses, text

from services.common.errors import AppError, Kind
from services.common.target_address import Target, read_target, refusal

PORTS = {"http": 80, "https": 443}

REFUSED = {
    "0.0.0.0": "an address of no host",
    "0.1.2.3": "an address of no host",
    "10.0.0.1": "a private address",
    "172.16.0.1": "a private address",
    "172.31.255.255": "a private address",
    "192.168.1.1": "a private address",
    "100.64.0.1": "a carrier's shared address",
    "100.127.255.254": "a carrier's shared address",
    "127.0.0.1": "a loopback address",
    "127.255.255.254": "a loopback address",
    "169.254.169.254": "a link-local address",
    "192.0.0.192": "a reserved address",
    "192.0.2.1": "an address for documentation",
    "192.88.99.1": "a reserved address",
    "198.18.0.1": "a reserved address",
    "198.51.100.7": "an address for documentation",
    "203.0.113.9": "an address for documentation",
    "224.0.0.1": "a multicast address",
    "239.255.255.255": "a multicast address",
    "240.0.0.1": "a reserved address",
    "255.255.255.255": "a reserved address",
    "::": "an address of no host",
    "::1": "a loopback address",
    "::127.0.0.1": "an IPv4 address in disguise",
    "::ffff:127.0.0.1": "an IPv4 address in disguise",
    "::ffff:8.8.8.8": "an IPv4 address in disguise",
    "::ffff:0:10.0.0.1": "an IPv4 address in disguise",
    "64:ff9b::7f00:1": "a translated (NAT64) address",
    "64:ff9b::808:808": "a translated (NAT64) address",
    "64:ff9b:1::a00:1": "a translated (NAT64) address",
    "100::1": "a reserved address",
    "2001::1": "a reserved address",  # Teredo
    "2001:db8::1": "an address for documentation",
    "2002:7f00:1::": "an IPv4 address in disguise",  # 6to4
    "3fff::1": "an address for documentation",
    "5f00::1": "a reserved address",
    "fc00::1": "a private address",
    "fd12:3456::1": "a private address",
    "fe80::1": "a link-local address",
    "fe80::1%eth0": "an address of one interface",
    "fec0::1": "a link-local address",
    "ff02::1": "a multicast address",
    "127.1": "no address",
    "example.org": "no address",
}


@pytest.mark.parametrize(("address", "why"), REFUSED.items())
def test_special_address_is_refused(address: str, why: str) -> None:
    """Each address that is not an ordinary public one is refused, and it is said what it is."""
    assert refusal(address) == why


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1"],
)
def test_public_address_is_allowed(address: str) -> None:
    """What lies outside of the special ranges may be connected to."""
    assert refusal(address) is None


@given(ip_addresses(v=4))
def test_nothing_that_python_calls_special_is_allowed(address: IPv4Address) -> None:
    """The standard library's own list, made independently, calls no allowed address private, reserved or multicast."""
    special = address.is_private or address.is_multicast or address.is_reserved or address.is_link_local
    assert not (special and refusal(str(address)) is None)


@given(ip_addresses(v=4))
def test_ipv4_in_an_ipv6_form_is_always_refused(address: IPv4Address) -> None:
    """Mapped, compatible, translated and 6to4 forms are refused, whatever IPv4 address is inside."""
    number = int(address)
    forms = [number, 0xFFFF << 32 | number, (0x64FF9B << 96) | number, (0x2002 << 112) | (number << 80)]
    assert all(refusal(str(IPv6Address(form))) for form in forms)


def _fails(url: str, *, allows_private: bool = False) -> str:
    with pytest.raises(AppError) as caught:
        read_target(url, PORTS, field="webhook.url", allows_private=allows_private)
    assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "webhook.url")
    return caught.value.detail


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0X7F.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "example.0x1",
        "localhost",
        "LOCALHOST",
        "any.localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1%25eth0]",
    ],
)
def test_url_that_leads_inside_is_refused_in_every_spelling(host: str) -> None:
    """Decimal, octal, hexadecimal, short and IPv6 forms are all refused."""
    assert _fails(f"http://{host}/hook")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "//example.org/",
        "example.org",
        "http://",
        "http://user:secret@example.org/",
        "http://user@example.org/",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://example.org:x/",
        "http://exa mple.org/",
        "http://example.org/a\r\nHost: inside",
        "http://example.org/\x00",
        "http://ex\u00e4mple.org/",
        "http://-a.org/",
        "http://a..b/",
        "http://[::1/",
        "http://example.org/" + "a" * 2048,
    ],
)
def test_url_that_is_not_plain_is_refused(url: str) -> None:
    """Other schemes, credentials, control characters, odd ports and broken hosts are refused, allowed or not."""
    assert _fails(url)
    assert _fails(url, allows_private=True)


def test_url_is_taken_apart() -> None:
    """Scheme, host, port, and what is asked for there; a fragment is nobody's business."""
    assert read_target("https://Hooks.Example.org/a/b?c=d#e", PORTS, field="url", allows_private=False) == Target(
        "https", "hooks.example.org", 443, "/a/b?c=d"
    )
    assert read_target("http://[2606:4700::1111]:8080", PORTS, field="url", allows_private=False) == Target(
        "http", "2606:4700::1111", 8080, "/"
    )


def test_private_address_is_read_where_the_operator_allows_it() -> None:
    """On a machine of one's own a webhook may lead to it."""
    assert read_target("http://127.0.0.1:9/x", PORTS, field="url", allows_private=True).port == 9


@given(text(max_size=60) | from_regex(r"https?://[^/]{0,20}(/.*)?"))
def test_any_text_is_read_or_refused(url: str) -> None:
    """Nothing but an AppError comes of a stranger's text."""
    with suppress(AppError):
        target = read_target(url, PORTS, field="url", allows_private=False)
        assert target.host.isascii()
        assert target.path.startswith("/")
