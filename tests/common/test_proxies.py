"""Whose request it is that came through proxies."""

from ipaddress import ip_network

import pytest

from services.common.proxies import Proxies

OURS = Proxies([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9,198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "nonsense", "nonsense"),
        ("unknown", "198.51.100.7", "unknown"),
    ],
)
def test_client_is_the_last_that_is_no_proxy_of_ours(peer: str, forwarded: str, client: str) -> None:
    """What a stranger says of itself, and what stands left of him, is not believed."""
    assert OURS.client_of(peer, forwarded) == client


def test_nobody_is_believed_where_there_are_no_proxies() -> None:
    """Not even the own machine."""
    assert Proxies().client_of("127.0.0.1", "198.51.100.7") == "127.0.0.1"


def test_what_is_no_address_is_cut_short() -> None:
    """It becomes the key of a table."""
    assert len(OURS.client_of("10.0.0.1", "x" * 10_000)) == 64
