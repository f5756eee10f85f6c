"""A light LL-HLS viewer: for each rendition a connection that holds a blocked reload, and fetches each new part."""

import asyncio
from collections import deque
from typing import cast
from urllib.parse import urljoin, urlsplit

from services.common.clock import SystemClock
from tests.bench.answer_reader import AnswerReader, BrokenAnswerError
from tests.bench.edge import Part, Place, read_edge

# All viewers read into one place: what came is used up before the next one reads.
_BUFFER = memoryview(bytearray(262_144))


class Rendition:
    """What all viewers of one rendition share: each playlist is parsed once, each request made once."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.address = urlsplit(url)
        self.arrivals: dict[Place, list[float]] = {}
        """For each part, Unix times at which its last byte was there."""
        self.errors: dict[str, int] = {}
        self._known: dict[Place | None, tuple[tuple[Part, ...], Place]] = {}
        self._requests: dict[str, bytes] = {}

    def learn(self, asked: Place | None, playlist: bytearray) -> tuple[tuple[Part, ...], Place]:
        """The parts that the answer to a reload brought, and what to ask for next."""
        known = self._known.get(asked)
        if known is None:
            edge = read_edge(bytes(playlist))
            parts = tuple(edge.since(asked)) if asked else ()
            if len(self._known) > 64:
                del self._known[next(iter(self._known))]
            known = parts, edge.next
            if asked is not None and edge.next > asked:
                self._known[asked] = known
        return known

    def reload(self, place: Place | None) -> bytes:
        """The request for a playlist that has `place`."""
        query = f"?_HLS_msn={place[0]}&_HLS_part={place[1]}" if place else ""
        return self._request(self.address.path + query)

    def part(self, part: Part) -> bytes:
        return self._request(urlsplit(urljoin(self.url, part.uri)).path)

    def count_error(self, what: str) -> None:
        self.errors[what] = self.errors.get(what, 0) + 1

    def _request(self, target: str) -> bytes:
        made = self._requests.get(target)
        if made is None:
            if len(self._requests) > 256:
                self._requests.clear()
            made = f"GET {target} HTTP/1.1\r\nHost: {self.address.netloc}\r\nAccept: */*\r\n\r\n".encode()
            self._requests[target] = made
        return made


class Viewer(asyncio.BufferedProtocol):
    """One connection. It goes on until it is closed; whatever goes wrong is counted and ends it."""

    def __init__(self, rendition: Rendition, clock: SystemClock) -> None:
        self._rendition, self._clock = rendition, clock
        self._reader = AnswerReader()
        self._asked: Place | None = None
        self._wanted: deque[Part] = deque()
        self._fetching: Part | None = None
        self._transport: asyncio.Transport | None = None
        self.is_over = False
        self.has_part = False
        """True once it has fetched one: it is there, and not only in the server's backlog."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask_next()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  the protocol's signature
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        try:
            if self._reader.receive(_BUFFER[:nbytes]):
                self._take()
        except (BrokenAnswerError, ValueError) as error:
            self._fail(str(error)[:80])

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  the protocol's signature
        if not self.is_over:
            self._fail("connection lost")

    def close(self) -> None:
        self.is_over = True
        if self._transport:
            self._transport.abort()

    def _take(self) -> None:
        if self._reader.status != 200:
            self._fail(f"status {self._reader.status}")
            return
        if self._fetching is not None:
            self._rendition.arrivals.setdefault(self._fetching.place, []).append(self._clock.now())
            self._fetching, self.has_part = None, True
        else:
            parts, self._asked = self._rendition.learn(self._asked, self._reader.body)
            self._wanted.extend(parts)
        self._ask_next()

    def _ask_next(self) -> None:
        if self._transport is None:
            return
        if self._wanted:
            self._fetching = self._wanted.popleft()
            self._reader.keep = False
            self._transport.write(self._rendition.part(self._fetching))
        else:
            self._reader.keep = True
            self._transport.write(self._rendition.reload(self._asked))

    def _fail(self, why: str) -> None:
        self._rendition.count_error(why)
        self.close()
