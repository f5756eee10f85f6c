"""The figures in a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from itertools import permutations
from uuid import uuid4

import pytest

from services.common.clock import ManualClock
from services.common.redis_client import Redis
from services.stats import keys
from services.stats.changes import Lifetimes
from services.stats.figures import Counts
from services.stats.reading import Reading
from services.stats.repository import Repository
from services.stats.samples import Place, Samples
from services.stats.series import Sample
from tests.servers.redis import RedisServer
from tests.stats.saying import (
    at,
    broadcast_ended,
    connected,
    disconnected,
    measured,
    source_changed,
    viewers_seen,
)

pytestmark = pytest.mark.connected

NOW = 1_800_000_000_000


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis(redis_server.url) as redis:
        yield redis


@pytest.fixture
def repository(redis: Redis) -> Repository:
    return Repository(redis, Lifetimes())


@pytest.fixture
def livestream() -> str:
    """One that nobody else uses on the shared server."""
    return uuid4().hex


async def read(repository: Repository, livestream: str, now_ms: int = NOW) -> Reading:
    return (await repository.readings([livestream], now_ms))[livestream]


async def test_unknown_livestream_has_zeros(repository: Repository, livestream: str) -> None:
    """Nobody there is a figure too."""
    assert await read(repository, livestream) == Reading()


async def test_encoder_is_counted_with_its_bit_rate_until_it_says_goodbye(
    repository: Repository, livestream: str
) -> None:
    """Connected, measured, disconnected."""
    await repository.apply(connected(livestream, 1), at(NOW))
    await repository.apply(measured(livestream, 1, received_bytes=5_000_000), at(NOW))
    there = await read(repository, livestream)
    await repository.apply(disconnected(livestream, 1), at(NOW))

    assert there.primary == Counts(rtmp_connections=1, bitrate_bps=4_000_000)
    assert await read(repository, livestream) == Reading()


async def test_encoder_of_a_dead_ingest_expires(repository: Repository, livestream: str) -> None:
    """Nobody says goodbye for it; the clock does."""
    clock = ManualClock(NOW / 1000)
    await repository.apply(connected(livestream, 1, instance="secondary"), at(NOW))
    clock.advance(20)
    await repository.apply(measured(livestream, 1, instance="secondary"), at(round(clock.now() * 1000)))
    clock.advance(24.9)
    still = await read(repository, livestream, round(clock.now() * 1000))
    clock.advance(0.1)

    assert still.secondary.rtmp_connections == 1
    assert await read(repository, livestream, round(clock.now() * 1000)) == Reading()


async def test_facts_of_an_encoder_give_the_same_in_any_order_and_repeated(repository: Repository) -> None:
    """Redis was away for some of them, and they come again later."""
    for order in permutations((0, 1, 2)):
        livestream = uuid4().hex
        facts = (connected(livestream, 1), measured(livestream, 1), disconnected(livestream, 1))
        for place in (*order, *order):
            await repository.apply(facts[place], at(NOW))

        assert await read(repository, livestream) == Reading()


async def test_viewers_of_two_origins_are_counted_once_each_and_expire(repository: Repository, livestream: str) -> None:
    """The same hash is the same viewer; unique viewers stay."""
    await repository.apply(source_changed(livestream, "B", "primary"), at(NOW))
    await repository.apply(viewers_seen(livestream, "B", 1, 2, 3), at(NOW))
    await repository.apply(viewers_seen(livestream, "B", 3, 2**64 - 1), at(NOW + 3_000))

    assert (await read(repository, livestream, NOW + 9_999)).sum.hls_connections == 4
    assert (await read(repository, livestream, NOW + 10_000)).sum.hls_connections == 2
    last = await read(repository, livestream, NOW + 13_000)
    assert (last.sum.hls_connections, last.unique_viewers) == (0, 4)


async def test_thousand_unique_viewers_are_estimated_within_2_percent(repository: Repository, livestream: str) -> None:
    """A HyperLogLog's standard error is 0.81 %."""
    viewers = [n * 0x9E3779B97F4A7C15 % 2**64 for n in range(1, 1001)]
    await repository.apply(source_changed(livestream, "B", "primary"), at(NOW))
    await repository.apply(viewers_seen(livestream, "B", *viewers), at(NOW))
    found = await read(repository, livestream)

    assert found.sum.hls_connections == 1000
    assert 980 <= found.unique_viewers <= 1020


async def test_viewers_move_with_the_program(repository: Repository, livestream: str) -> None:
    """Failover, a late repetition of what was before, the end, and the next broadcast."""
    await repository.apply(viewers_seen(livestream, "B", 1, 2), at(NOW))
    seen = []
    for fact, sequence in (
        (source_changed(livestream, "B", "primary"), 1),
        (source_changed(livestream, "B", "secondary"), 5),
        (source_changed(livestream, "B", "primary"), 1),
        (broadcast_ended(livestream, "B"), 6),
        (source_changed(livestream, "C", "primary"), 7),
    ):
        await repository.apply(fact, at(NOW, sequence=sequence))
        found = await read(repository, livestream)
        seen.append((found.primary.hls_connections, found.secondary.hls_connections))

    assert seen == [(2, 0), (0, 2), (0, 2), (0, 0), (0, 0)]


async def test_keys_do_not_stay_for_ever(redis: Redis, repository: Repository, livestream: str) -> None:
    """Whatever is written has a time after which Redis lets go of it."""
    for fact in (
        connected(livestream, 1),
        measured(livestream, 1),
        connected(livestream, 2),
        disconnected(livestream, 2),
        source_changed(livestream, "B", "primary"),
        viewers_seen(livestream, "B", 1),
    ):
        await repository.apply(fact, at(NOW))
    await Samples(redis).add({Place(livestream, "primary"): Sample(NOW, Counts(1))})
    await Samples(redis).settle(Place(livestream, "primary"), NOW - 1, NOW)
    (found,) = await redis.run([("KEYS", f"*{livestream}*")])
    lives = await redis.run([("TTL", key) for key in found])

    assert len(found) == 10
    assert all(0 < life <= 8 * 24 * 3600 for life in lives)


async def test_many_livestreams_are_read_together(repository: Repository) -> None:
    """More than one batch, each with its own figures."""
    livestreams = [uuid4().hex for _ in range(130)]
    await asyncio.gather(*(repository.apply(connected(each, 1), at(NOW)) for each in livestreams[::2]))
    readings = await repository.readings(livestreams, NOW)

    assert [readings[each].primary.rtmp_connections for each in livestreams] == [1, 0] * 65
    assert set(livestreams[::2]) <= set(await repository.active(NOW))


async def test_key_of_another_kind_is_an_error_in_words(redis: Redis, repository: Repository, livestream: str) -> None:
    """Somebody else writes into our keys: the call fails, the program does not."""
    await redis.run([("SET", keys.sources(livestream), "x")])

    with pytest.raises(Exception, match="Redis refuses"):
        await read(repository, livestream)
    await redis.run([("DEL", keys.sources(livestream))])


async def test_what_viewers_watched_is_added_up_once(repository: Repository, livestream: str) -> None:
    """Of each broadcast by itself, and a fact that is heard again adds nothing."""
    said = [viewers_seen(livestream, "B", *range(viewers)) for viewers in (3, 2)]
    said.append(viewers_seen(livestream, "C", 1))
    for fact in said:
        fact.viewers_seen.interval_ms = 5_000
    for sequence, fact in enumerate([*said, *said[:2]]):
        await repository.apply(fact, at(NOW, sequence=1 + sequence % 3))

    found = await repository.viewing([(livestream, "B"), (livestream, "C"), (livestream, "nobody")])

    assert found == {"B": 25_000, "C": 5_000}
