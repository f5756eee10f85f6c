"""Stats as a program, through the death of everything it stands on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from services.common.bus.connection import Bus, connect
from services.common.bus.facts import FactPublisher
from services.common.bus.log import Log
from services.common.errors import AppError, Kind
from services.common.redis_client import Redis
from tests.servers.nats import NatsServer
from tests.servers.redis import RedisServer
from tests.stats.program import StatsProgram, started
from tests.stats.saying import broadcast_ended, connected, disconnected, measured, say, source_changed, viewers_seen

pytestmark = pytest.mark.connected

PATIENCE_S = 30.0


async def eventually(is_true: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not await is_true():  # noqa: ASYNC110  another process sets no event of ours
            await asyncio.sleep(0.1)


@dataclass
class Scene:
    """A running stats, its servers, and a voice on the bus."""

    stats: StatsProgram
    nats: NatsServer
    redis: RedisServer
    bus: Bus
    publisher: FactPublisher
    livestream: str

    async def counts(self) -> tuple[int, int]:
        """Encoders and viewers; (-1, -1) while stats cannot say."""
        try:
            answer = await self.stats.statistics(self.livestream)
        except AppError:
            return -1, -1
        return answer.sum.rtmp_connections, answer.sum.hls_connections

    async def until(self, encoders: int, viewers: int) -> None:
        async def is_so() -> bool:
            return await self.counts() == (encoders, viewers)

        await eventually(is_so)

    async def keep_saying(self, viewers: int, encoders: int) -> None:
        """As origins and ingests do: again and again, until the counts are there."""

        async def is_so() -> bool:
            say(self.publisher, viewers_seen(self.livestream, "b" * 32, *range(viewers)))
            say(self.publisher, measured(self.livestream, 1))
            return await self.counts() == (encoders, viewers)

        await eventually(is_so)


@pytest.fixture
async def scene(own_nats: NatsServer, own_redis: RedisServer, tmp_path: Path) -> AsyncIterator[Scene]:
    async with _scene(own_nats, own_redis, tmp_path) as scene:
        yield scene


@asynccontextmanager
async def _scene(nats: NatsServer, redis: RedisServer, folder: Path) -> AsyncIterator[Scene]:
    async with started(nats, redis, folder) as stats:

        async def is_ready() -> bool:
            return await stats.status() == 200

        await eventually(is_ready)
        bus = await connect(nats.url, name="test")
        publisher = FactPublisher(Log(bus, "FACTS"))
        yield Scene(stats, nats, redis, bus, publisher, uuid4().hex)
        await publisher.close()
        await bus.close()
        assert stats.process.returncode is None
        assert "Traceback" not in stats.log.read_text()


async def test_facts_become_statistics_of_both_instances(scene: Scene) -> None:
    """Two encoders, a failover, viewers of two origins, and everybody leaves."""
    livestream, broadcast = scene.livestream, "b" * 32
    for fact in (
        connected(livestream, 1),
        connected(livestream, 2, instance="secondary"),
        source_changed(livestream, broadcast, "primary"),
        source_changed(livestream, broadcast, "secondary"),
        viewers_seen(livestream, broadcast, 1, 2),
        viewers_seen(livestream, broadcast, 2, 3),
    ):
        say(scene.publisher, fact)
    await scene.until(2, 3)
    found = await scene.stats.statistics(livestream)
    say(scene.publisher, disconnected(livestream, 1))
    say(scene.publisher, broadcast_ended(livestream, broadcast))
    await scene.until(1, 0)

    assert (found.primary.rtmp_connections, found.primary.hls_connections) == (1, 0)
    assert (found.secondary.rtmp_connections, found.secondary.hls_connections) == (1, 3)
    assert found.unique_viewers == 3


async def test_fact_said_again_changes_nothing(scene: Scene) -> None:
    """The stream's memory of ids is short; ours must not be needed."""
    arrival, departure = connected(scene.livestream, 1), disconnected(scene.livestream, 1)
    say(scene.publisher, connected(scene.livestream, 2))
    for fact in (arrival, departure):
        say(scene.publisher, fact)
    await scene.until(1, 0)
    arrival.id = uuid4().hex  # past the stream's own memory of ids
    say(scene.publisher, arrival)
    say(scene.publisher, connected(scene.livestream, 3))
    await scene.until(2, 0)


async def test_samples_and_totals_come_by_themselves(scene: Scene) -> None:
    """Within one interval there is a sample, and the gauges show the totals without ids."""
    say(scene.publisher, connected(scene.livestream, 1))

    async def is_sampled() -> bool:
        try:
            return len((await scene.stats.samples(scene.livestream)).samples) > 0
        except AppError:  # there is no object store here: what Redis does not have yet is not to be had
            return False

    await eventually(is_sampled)
    (sample, *_) = (await scene.stats.samples(scene.livestream)).samples

    assert (sample.rtmp_connections, sample.create_time.seconds % 10) == (1, 0)
    assert await scene.stats.metric('headwater_stats_encoders{instance="primary"}') == 1
    assert await scene.stats.metric('headwater_log_limit_bytes{kind="cmaf"}') == 4_000_000_000
    assert await scene.stats.metric('headwater_log_bytes{kind="media"}') is not None


@pytest.mark.parametrize("page_token", ["?", "cHJpbWFyeSA="])
async def test_bad_page_token_is_refused(scene: Scene, page_token: str) -> None:
    """INVALID, with the field's name in REST's spelling."""
    with pytest.raises(AppError) as refusal:
        await scene.stats.samples(scene.livestream, page_token=page_token)

    assert (refusal.value.kind, refusal.value.field) == (Kind.INVALID, "pageToken")


async def test_redis_killed_and_back_loses_no_fact_and_no_program(scene: Scene) -> None:
    """Reads say UNAVAILABLE meanwhile, facts wait, and the metric tells."""
    say(scene.publisher, source_changed(scene.livestream, "b" * 32, "primary"))
    say(scene.publisher, connected(scene.livestream, 1))
    await scene.until(1, 0)
    scene.redis.kill()
    say(scene.publisher, connected(scene.livestream, 2, instance="secondary"))
    with pytest.raises(AppError) as refusal:
        await scene.stats.statistics(scene.livestream)

    async def is_noticed() -> bool:
        return await scene.stats.metric("headwater_stats_redis_available") == 0

    await eventually(is_noticed)
    readiness = await scene.stats.status()
    await asyncio.to_thread(scene.redis.start)
    await scene.until(2, 0)

    assert refusal.value.kind is Kind.UNAVAILABLE
    assert readiness == 200
    assert await scene.stats.metric("headwater_stats_redis_available") == 1


async def test_redis_that_hangs_is_answered_for_within_the_deadline(scene: Scene) -> None:
    """It accepts and says nothing; the caller hears UNAVAILABLE from stats, not his own time-out."""
    await scene.until(0, 0)
    scene.redis.pause()
    try:
        with pytest.raises(AppError) as refusal:
            await scene.stats.statistics(scene.livestream)
    finally:
        scene.redis.resume()

    assert (refusal.value.kind, refusal.value.detail) == (Kind.UNAVAILABLE, "Redis is away")
    await scene.until(0, 0)


async def test_emptied_redis_costs_counts_and_they_resume(scene: Scene) -> None:
    """Zero at first; then whoever is still there is counted, on the instance that is on air."""
    livestream, broadcast = scene.livestream, "b" * 32
    say(scene.publisher, source_changed(livestream, broadcast, "secondary"))
    await scene.keep_saying(viewers=3, encoders=1)
    async with Redis(scene.redis.url) as redis:
        await redis.run([("FLUSHALL",)])
    await scene.until(0, 0)
    await scene.keep_saying(viewers=3, encoders=1)
    found = await scene.stats.statistics(livestream)

    assert (found.secondary.hls_connections, found.primary.hls_connections) == (3, 0)


async def test_nats_killed_and_back_goes_on(scene: Scene) -> None:
    """Facts said meanwhile arrive afterwards; reads never stop."""
    say(scene.publisher, connected(scene.livestream, 1))
    await scene.until(1, 0)
    scene.nats.kill()
    say(scene.publisher, connected(scene.livestream, 2))
    await scene.until(1, 0)
    await asyncio.to_thread(scene.nats.start)
    await scene.until(2, 0)


async def test_message_that_is_no_fact_is_given_up_and_the_next_one_counts(scene: Scene) -> None:
    """One poisoned message does not stop the rest."""
    scene.publisher.publish("facts.encoder_connected.none", b"\xff\xff\xff", "x")
    say(scene.publisher, connected(scene.livestream, 1))

    await scene.until(1, 0)


async def test_stats_down_meanwhile_catches_up(own_nats: NatsServer, own_redis: RedisServer, tmp_path: Path) -> None:
    """What was said while it was down is in the log; and a start without Redis is a start."""
    async with _scene(own_nats, own_redis, tmp_path) as first:
        say(first.publisher, connected(first.livestream, 1))
        await first.until(1, 0)
    own_redis.kill()
    async with _scene(own_nats, own_redis, tmp_path) as second:
        second.livestream = first.livestream
        say(second.publisher, connected(first.livestream, 2))
        await second.until(-1, -1)
        await asyncio.to_thread(own_redis.start)
        await second.until(2, 0)
