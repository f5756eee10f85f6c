"""Many who wait for one playlist at once, and one who asks too far ahead: `python -m tests.bench.blocked COUNT URL`."""

import asyncio
import json
import resource
import sys
from typing import cast
from urllib.parse import urlsplit

import uvloop

from tests.bench.answer_reader import AnswerReader, BrokenAnswerError
from tests.bench.edge import read_edge
from tests.bench.figures import percentile
from tests.bench.web import fetch

_DEADLINE_S = 20.0
FAR_AHEAD = 100
"""Segments."""


class Waiter(asyncio.Protocol):
    """One request and its answer."""

    def __init__(self, request: bytes) -> None:
        self._request, self._reader = request, AnswerReader()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self.answered: asyncio.Future[tuple[int, float]] = self._loop.create_future()
        """Status and when it was there, by the loop's clock."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self) -> None:
        if self._transport:
            self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        try:
            if self._reader.receive(memoryview(data)) and not self.answered.done():
                self.answered.set_result((self._reader.status, self._loop.time()))
        except BrokenAnswerError as error:
            self._fail(error)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or ConnectionError("closed before it was answered"))

    def _fail(self, error: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(error)


async def wait_all(count: int, url: str) -> dict[str, object]:
    """All connect, all ask for the first part of the segment after next, and wait."""
    address = urlsplit(url)
    place = (read_edge(fetch(url).body).next[0] + 1, 0)
    request = f"GET {address.path}?_HLS_msn={place[0]}&_HLS_part=0 HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    waiters = []
    for _ in range(count):
        _, waiter = await loop.create_connection(lambda: Waiter(request), address.hostname or "", address.port or 80)
        waiters.append(waiter)
    for waiter in waiters:
        waiter.ask()
    done, late = await asyncio.wait([waiter.answered for waiter in waiters], timeout=_DEADLINE_S)
    good = sorted(one.result()[1] for one in done if not one.exception() and one.result()[0] == 200)
    after_first = [(at - good[0]) * 1000 for at in good]
    far = fetch(f"{url}?_HLS_msn={place[0] + FAR_AHEAD}&_HLS_part=0").status
    return {
        "asked": count,
        "answered": len(good),
        "late": len(late),
        "p50_ms": percentile(after_first, 0.5),
        "last_ms": max(after_first, default=None),
        "far_ahead_status": far,
    }


def main(arguments: list[str]) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.stdout.write(json.dumps(uvloop.run(wait_all(int(arguments[0]), arguments[1]))))


if __name__ == "__main__":
    main(sys.argv[1:])
