"""From which address a call comes."""

from ipaddress import ip_network
from types import SimpleNamespace
from typing import cast

import pytest

from services.api.client_address import client_address
from services.common.proxies import Proxies
from services.common.rpc_call import Context

OURS = Proxies([ip_network("127.0.0.1/32"), ip_network("::1/128")])


def call(peer: str, *forwarded: str) -> Context:
    metadata = tuple(("x-forwarded-for", each) for each in forwarded)
    return cast("Context", SimpleNamespace(peer=lambda: peer, invocation_metadata=lambda: metadata))


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:192.0.2.1:4711", "192.0.2.1"),
        ("ipv6:%5B2001:db8::1%5D:4711", "2001:db8::1"),
        ("ipv6:[2001:db8::1]:4711", "2001:db8::1"),
        ("http:192.0.2.1:4711", "192.0.2.1"),
        ("http:2001:db8::1:4711", "2001:db8::1"),
        ("http:unknown:0", "unknown"),
    ],
)
def test_address_is_the_peers_without_its_port(peer: str, address: str) -> None:
    """As gRPC and as HTTP write it; what it says of others is not looked at."""
    assert client_address(call(peer, "198.51.100.7"), OURS) == address


@pytest.mark.parametrize("peer", ["ipv4:127.0.0.1:1", "ipv6:%5B::1%5D:1", "http:127.0.0.1:1", "http:::1:1"])
def test_proxy_of_ours_is_believed(peer: str) -> None:
    """Whether it adds to a header or sends another one."""
    assert client_address(call(peer, "203.0.113.9, 198.51.100.7"), OURS) == "198.51.100.7"
    assert client_address(call(peer, "203.0.113.9", "198.51.100.7"), OURS) == "198.51.100.7"
