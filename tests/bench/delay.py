"""`delay`: from the last frame of a part sent to the part listed, seen by a client that holds a blocked reload."""

import asyncio
from argparse import Namespace
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urljoin

import httpx

from services.common.clock import SystemClock
from services.common.tasks import spawn
from services.packager.hls.attributes import FIRST_MSN
from tests.bench import frames
from tests.bench.edge import Edge, Place, read_edge, renditions
from tests.bench.figures import percentile
from tests.bench.film import film
from tests.bench.headwater import Headwater
from tests.bench.live_encoder import LiveEncoder
from tests.bench.progress import say
from tests.bench.table import Table

_BEGIN_S = 20.0
_SLACK_MS = 5
"""Part durations are written in rounded milliseconds; frames are 33 ms apart."""

Listing = tuple[int, float]
"""Where a part ends, in milliseconds from the first picture, and the Unix time at which it was seen listed."""


def run(options: Namespace, folder: Path) -> list[Table]:
    """One table: percentiles from the frame that ends a part, and from the part's own last frame."""
    footage = frames.read(film())
    with Headwater(folder, options.settings) as system:
        listings, sent = asyncio.run(_watch(system, footage, options.warm_up, options.seconds))
    ending, own = delays_ms(listings, sent)
    rows = [
        ("frame that ends the part (the next one) sent", *_figures(ending)),
        ("part's own last frame sent", *_figures(own)),
    ]
    notes = ("goal: p99 at most 100 ms from the frame that ends the part", "one frame is 33 ms")
    return [Table("Until the part is listed, ms", ("from", "parts", "p50", "p90", "p99", "most"), rows, notes)]


def _figures(values: Sequence[float]) -> tuple[int, float, float, float, float]:
    shares = [percentile(values, share) for share in (0.5, 0.9, 0.99)]
    return len(values), shares[0], shares[1], shares[2], max(values, default=float("nan"))


def delays_ms(listings: Sequence[Listing], sent: Sequence[tuple[int, float]]) -> tuple[list[float], list[float]]:
    """Milliseconds from the sending of the frame that ends each part, and of the part's own last frame.

    `sent` has stamp (ms, from the first picture) and Unix time of each picture, in order. A part whose end lies
    outside of what was sent is left out.
    """
    stamps = [stamp for stamp, _ in sent]
    ending, own = [], []
    for ends_ms, listed in listings:
        at = bisect_left(stamps, ends_ms - _SLACK_MS)
        if 0 < at < len(sent):
            ending.append((listed - sent[at][1]) * 1000)
            own.append((listed - sent[at - 1][1]) * 1000)
    return ending, own


async def _watch(
    system: Headwater, footage: frames.Footage, warm_up_s: float, seconds: float
) -> tuple[list[Listing], list[tuple[int, float]]]:
    encoder = LiveEncoder(footage, system.push_url(0))
    pushing = spawn(encoder.run(), name="encoder")
    clock = SystemClock()
    try:
        async with httpx.AsyncClient(timeout=15.0) as client:
            url = await _playlist_url(client, f"{system.origin}/{system.livestream(0)['id']}/index.m3u8")
            say(f"watching {url} for {warm_up_s + seconds:.0f} s")
            until = clock.monotonic() + warm_up_s + seconds
            listings = await _follow(client, url, clock, until)
    finally:
        pushing.cancel()
        await asyncio.wait([pushing])
    if not pushing.cancelled() and (error := pushing.exception()):
        raise error
    origin = encoder.video_sent[0][0]
    from_start = [(stamp - origin, at) for stamp, at in encoder.video_sent]
    began = from_start[0][1] + warm_up_s
    return [(ends, at) for ends, at in listings if at >= began], from_start


async def _playlist_url(client: httpx.AsyncClient, multivariant: str) -> str:
    async with asyncio.timeout(_BEGIN_S):
        while (answer := await client.get(multivariant)).status_code != 200:  # noqa: ASYNC110  asked from outside
            await asyncio.sleep(0.1)
    return urljoin(multivariant, renditions(answer.content)[0])


async def _follow(client: httpx.AsyncClient, url: str, clock: SystemClock, until: float) -> list[Listing]:
    """Blocked reloads until then. The playlist's first segment must be the broadcast's first at the first look."""
    listings: list[Listing] = []
    dropped_ms = 0.0
    before = await _ask(client, url, None)
    if before.first != FIRST_MSN:
        raise RuntimeError("came too late to see the broadcast's first segment")
    while clock.monotonic() < until:
        edge = await _ask(client, url, before.next)
        now = clock.now()
        dropped_ms += left_ms(before, edge)
        listings += [(round(dropped_ms + part.ends_s * 1000), now) for part in edge.since(before.next)]
        before = edge
    return listings


def left_ms(before: Edge, after: Edge) -> float:
    """How much of the start of a playlist has left the window from one reading to the next."""
    count = after.first - before.first
    return sum(before.lengths_s[:count]) * 1000


async def _ask(client: httpx.AsyncClient, url: str, place: Place | None) -> Edge:
    query = {"_HLS_msn": place[0], "_HLS_part": place[1]} if place else {}
    answer = await client.get(url, params=query)
    answer.raise_for_status()
    return read_edge(answer.content)
