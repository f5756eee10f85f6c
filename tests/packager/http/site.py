"""A small site behind a real server: what the tests of this folder ask of it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from socket import SO_REUSEADDR, SOL_SOCKET, socket

from services.packager.http import Pending, Refused, Request, Response, Server, Stream, compress, later

PLAYLIST_BODY = b"#EXTM3U\n" + b"#EXTINF:2.0,\nsegment.m4s\n" * 100
PLAYLIST = Response(
    200,
    {"content-type": "application/vnd.apple.mpegurl", "cache-control": "max-age=1"},
    PLAYLIST_BODY,
    gzipped=compress(PLAYLIST_BODY),
    etag='"p1"',
)
SEGMENT_BODY = bytes(range(256)) * 400
SEGMENT = Response(
    200,
    {"content-type": "video/mp4"},
    (SEGMENT_BODY[:100], SEGMENT_BODY[100:70_000], SEGMENT_BODY[70_000:]),
    etag='"s1"',
)
HUGE = Response(200, {"content-type": "video/mp4"}, [bytes(1_000_000)] * 32)

Page = Callable[[Request], Response | Pending]


class Site:
    """Answers by path; `blocked` holds those that wait, `finished` what the access hook was told."""

    def __init__(self) -> None:
        self.blocked: set[Pending] = set()
        self.finished: list[tuple[bytes, int, int]] = []
        self.seen: list[Request] = []
        self.closed_streams = 0
        self.pages: dict[str, Page] = {
            "/playlist": lambda _: PLAYLIST,
            "/segment": lambda _: SEGMENT,
            "/huge": lambda _: HUGE,
            "/blocked": lambda _: self.block(),
            "/stream": lambda _: Response(200, {}, Stream(len(SEGMENT_BODY), self.read), etag='"v1"'),
            "/chunked": lambda _: Response(200, {}, Stream(None, lambda _start, _stop: self.read(0, 100_000))),
            "/endless": lambda _: Response(200, {}, Stream(10**12, self.read)),
            "/broken": _raise,
            "/later": lambda _: later(self.look_up(), name="look up"),
            "/path": lambda request: Response(200, {}, request.path.encode()),
        }

    def handle(self, request: Request) -> Response | Pending:
        self.seen.append(request)
        page = self.pages.get(request.path)
        if page is None:
            raise Refused(404)
        return page(request)

    def block(self) -> Pending:
        pending = Pending(self.blocked.discard)
        self.blocked.add(pending)
        return pending

    def publish(self, response: Response = PLAYLIST) -> None:
        """Answer all who wait."""
        waiting, self.blocked = self.blocked, set()
        for pending in waiting:
            pending.resolve(response)

    def note(self, request: Request, status: int, size: int) -> None:
        self.finished.append((request.target, status, size))

    async def read(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        try:
            for position in range(start, stop, 50_000):
                offset = position % len(SEGMENT_BODY)
                yield (SEGMENT_BODY * 2)[offset : offset + min(50_000, stop - position)]
                await asyncio.sleep(0)
        finally:
            self.closed_streams += 1

    async def look_up(self) -> Response:
        await asyncio.sleep(0)
        return PLAYLIST


class Running:
    """A server on a free port."""

    def __init__(self, server: Server, site: Site, port: int) -> None:
        self.server = server
        self.site = site
        self.port = port


@contextmanager
def listening_socket() -> Iterator[socket]:
    with socket() as listening:
        listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


async def eventually(is_true: Callable[[], object]) -> None:
    """Return as soon as it holds; TimeoutError if it does not within 10 s."""
    async with asyncio.timeout(10):
        while not is_true():  # noqa: ASYNC110  what is awaited lies behind a socket and sets no event
            await asyncio.sleep(0.005)


Start = Callable[..., Awaitable[Running]]


def _raise(_: Request) -> Response:
    raise RuntimeError("a handler with a bug")
