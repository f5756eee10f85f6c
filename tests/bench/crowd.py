"""Many viewers in a process of their own: `python -m tests.bench.crowd VIEWERS PLAYLIST-URL …`.

It says "watching" when all are there, goes on until its standard input is closed, and then says as JSON when each part
had arrived at each viewer, and what went wrong.
"""

import asyncio
import functools
import json
import resource
import sys
import threading
from urllib.parse import urlsplit

import uvloop

from services.common.clock import SystemClock
from tests.bench.viewer import Rendition, Viewer

_JOIN_S = 20.0
_LOOK_EACH_S = 0.2
_JOIN_EACH_S = 0.002
"""Viewers come one after the other: this is about those who watch, not about those who come."""


async def gather(viewers: int, urls: list[str]) -> dict[str, object]:
    """Watch until standard input ends."""
    loop, clock = asyncio.get_running_loop(), SystemClock()
    over = asyncio.Event()
    threading.Thread(
        target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(over.set)), daemon=True, name="until told"
    ).start()
    renditions = [Rendition(url) for url in urls]
    crowd: list[Viewer] = []
    async with asyncio.timeout(_JOIN_S + viewers * 10 * _JOIN_EACH_S):
        for _ in range(viewers):
            crowd += [await _join(rendition, clock) for rendition in renditions]
            await asyncio.sleep(_JOIN_EACH_S)
        while not all(viewer.has_part or viewer.is_over for viewer in crowd):  # noqa: ASYNC110  many, looked at once
            await asyncio.sleep(_LOOK_EACH_S)
    sys.stdout.write("watching\n")
    sys.stdout.flush()
    await over.wait()
    for viewer in crowd:
        viewer.close()
    return {"renditions": [_told(rendition) for rendition in renditions]}


async def _join(rendition: Rendition, clock: SystemClock) -> Viewer:
    where = urlsplit(rendition.url)
    make = functools.partial(Viewer, rendition, clock)
    _, viewer = await asyncio.get_running_loop().create_connection(make, where.hostname or "", where.port or 80)
    return viewer


def _told(rendition: Rendition) -> dict[str, object]:
    arrivals = [[*place, times] for place, times in rendition.arrivals.items()]
    return {"url": rendition.url, "arrivals": arrivals, "errors": rendition.errors}


def main(arguments: list[str]) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    found = uvloop.run(gather(int(arguments[0]), arguments[1:]))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
