"""Where we connect on a customer's word: a name is resolved, each address checked, and one of these connected to.

The check is worth nothing if the name is resolved again afterwards (it may lead elsewhere by then), so `resolve` gives
addresses, and who connects takes one of them and uses the name for TLS and `Host` only.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from services.common.errors import AppError, Kind
from services.common.target_address import Target, is_address, read_target, refusal

HTTP_PORTS = {"http": 80, "https": 443}
OUTPUT_PORTS = {"rtmp": 1935, "rtmps": 443, "srt": 9710}
"""The usual port of each scheme; SRT has none of its own, and its URLs name theirs."""
RESOLVE_TIMEOUT_S = 5.0
CHECK_TIMEOUT_S = 2.0
"""Somebody waits for the answer."""

_THREADS, _SLOW_THREADS = 32, 4
_MOST_SLOW_NAMES = 1000
_MOST_ADDRESSES = 8

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""All addresses of a host name, in order of preference. OSError if there are none or nobody knows."""


class Targets:
    """The one way to an URL that somebody else has chosen."""

    def __init__(self, *, allows_private: bool, resolver: Resolver | None = None) -> None:
        """`allows_private` is the setting HEADWATER_PRIVATE_TARGETS; `close` lets the resolver's threads go."""
        self.allows_private = allows_private
        # Threads of its own, so that nothing else in this process waits for names; and a few for those that have hung
        # before, so that no other name does.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="resolver")
        self._slow_threads = ThreadPoolExecutor(_SLOW_THREADS, thread_name_prefix="slow resolver")
        self._slow_names: dict[str, None] = {}
        self._resolver = resolver or self._look_up

    def read(self, url: str, *, field: str, ports: dict[str, int] | None = None) -> Target:
        """The parts of an URL, checked as far as that goes without asking anybody. AppError(INVALID)."""
        return read_target(url, ports or HTTP_PORTS, field=field, allows_private=self.allows_private)

    async def check(self, url: str, *, field: str, ports: dict[str, int] | None = None) -> None:
        """What is checked when an URL is given to us. AppError(INVALID) if it leads where we do not go.

        A name that cannot be resolved now passes: it is resolved and checked again before each connection.
        """
        target = self.read(url, field=field, ports=ports)
        if self.allows_private:
            return  # there is nothing to find out
        with suppress(OSError):  # a TimeoutError is one
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                await self.resolve(target, field=field)

    async def resolve(self, target: Target, *, field: str = "url") -> list[str]:
        """Addresses to connect to now. AppError(INVALID) if even one is refused, OSError if there are none."""
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT_S):
                found = [target.host] if is_address(target.host) else await self._resolver(target.host, target.port)
        except TimeoutError:
            raise OSError("the name could not be resolved in time") from None
        if not found:
            raise OSError("the name has no address")
        refused = None if self.allows_private else next(filter(None, map(refusal, found)), None)
        if refused is not None:
            raise AppError(Kind.INVALID, f"leads to {refused}; only public ones are connected to", field=field)
        return found[:_MOST_ADDRESSES]

    async def close(self) -> None:
        for threads in (self._threads, self._slow_threads):
            threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, host: str, port: int) -> list[str]:
        has_begun = False

        def ask() -> list[str]:
            nonlocal has_begun
            has_begun = True
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(address[4][0]) for address in found))

        threads = self._slow_threads if host in self._slow_names else self._threads
        try:
            found = await asyncio.get_running_loop().run_in_executor(threads, ask)
        except asyncio.CancelledError:
            if has_begun:  # else it was others that it waited for
                self._note_slow(host)
            raise
        self._slow_names.pop(host, None)
        return found

    def _note_slow(self, host: str) -> None:
        self._slow_names.pop(host, None)
        self._slow_names[host] = None
        if len(self._slow_names) > _MOST_SLOW_NAMES:
            del self._slow_names[next(iter(self._slow_names))]
