"""Whose request it is that came through proxies: the one rule of all edges. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

FORWARDED_FOR = "x-forwarded-for"
"""The header, and the metadata of a gRPC call, in which each proxy adds whom it was asked by."""

_MAX_LENGTH = 64
"""Of an address; what is longer is none, and is not kept whole."""


class Proxies:
    """The networks of proxies that are believed when they say whom they ask for; none: nobody is."""

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network] = ()) -> None:
        self._networks = tuple(networks)

    def client_of(self, peer: str, forwarded_for: str) -> str:
        """The address behind a connection from `peer`: the last one of `forwarded_for` that is no proxy of ours.

        What stands further left was said by strangers, and what says a peer that is no proxy of ours is not looked at.
        """
        hops = forwarded_for.split(",") if self._networks and forwarded_for else []
        while hops and self._has(peer):
            peer = hops.pop().strip()[:_MAX_LENGTH]
        return peer

    def _has(self, text: str) -> bool:
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:  # as a socket of both kinds says it
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)
