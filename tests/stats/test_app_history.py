"""Stats as a program with an object store behind: what it keeps, what it answers, and what it lets go of."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from services.common.clock import SystemClock
from services.stats.figures import Counts
from services.stats.series import INTERVAL_MS, Sample, slot
from tests.servers.nats import NatsServer
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server
from tests.stats.keeping import BUCKET, Kept
from tests.stats.program import StatsProgram, objects_of, started
from tests.stats.test_app import eventually

pytestmark = pytest.mark.connected

COUNT = 100
BEGAN_MS = slot(round(SystemClock().now() * 1000)) - 3_600_000


@pytest.fixture
async def stats(
    shelf: Kept, nats_server: NatsServer, redis_alone: RedisServer, s3_server: S3Server, tmp_path: Path
) -> AsyncIterator[StatsProgram]:
    """Started when a broadcast of an hour ago has left samples in Redis, and nowhere else."""
    for number in range(COUNT):
        await shelf.samples.add({shelf.place: Sample(at(number), Counts(1, number, 7))})
    async with started(nats_server, redis_alone, tmp_path, objects_of(s3_server, BUCKET)) as stats:
        yield stats


def at(number: int) -> int:
    return BEGAN_MS + number * INTERVAL_MS


def time_of(number: int) -> Timestamp:
    time = Timestamp()
    time.FromMilliseconds(at(number))
    return time


async def listed(stats: StatsProgram, shelf: Kept, size: int, **asked: Timestamp) -> list[int]:
    """The numbers of all samples, page by page."""
    token, found = "", list[int]()
    while True:
        answer = await stats.samples(shelf.place.livestream, page_token=token, page_size=size, **asked)
        found += [each.hls_connections for each in answer.samples]
        if not (token := answer.next_page_token):
            return found


async def stored(stats: StatsProgram, shelf: Kept) -> None:
    """Wait until nothing is left in Redis alone."""

    async def is_stored() -> bool:
        waiting = await shelf.samples.waiting(at(COUNT))
        return await stats.status() == 200 and shelf.place not in {each.place for each in waiting}

    await eventually(is_stored)


async def test_whole_history_outlives_redis_and_goes_with_its_livestream(stats: StatsProgram, shelf: Kept) -> None:
    """Redis is emptied: every sample is there, newest first, by pages and by time; until the livestream is deleted."""
    await stored(stats, shelf)
    await shelf.empty_redis()

    assert await listed(stats, shelf, 7) == list(range(COUNT - 1, -1, -1))
    assert await listed(stats, shelf, 1000, after=time_of(20), before=time_of(30)) == list(range(29, 19, -1))
    assert (await stats.metric("headwater_stats_blocks_total") or 0) >= 2

    await stats.delete_samples(shelf.place.livestream)
    assert await listed(stats, shelf, 50) == []
    assert await shelf.objects_there() == []
