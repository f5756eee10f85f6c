"""The samples in a real Redis."""

from collections.abc import Sequence
from typing import Any

import pytest

from services.common.clock import ManualClock
from services.common.redis_client import Redis
from services.common.redis_command import Command
from services.stats import keys
from services.stats.changes import Lifetimes
from services.stats.figures import Counts
from services.stats.repository import Repository
from services.stats.sampler import Sampler
from services.stats.samples import Place, Samples
from services.stats.series import INTERVAL_MS, KEEP_STORED_MS, Sample
from tests.servers.redis import RedisServer
from tests.stats.keeping import NOW, Kept, number_of, sample
from tests.stats.saying import at, connected

pytestmark = pytest.mark.connected


async def test_samples_come_newest_first_page_by_page(shelf: Kept) -> None:
    """And a slot that is filled stays as it is."""
    await shelf.take(range(5))
    await shelf.samples.add({shelf.place: Sample(sample(4).slot_ms, Counts(99))})

    first = await shelf.samples.newest(shelf.place, 0, None, 3)
    rest = await shelf.samples.newest(shelf.place, 0, first[-1].slot_ms, 3)
    between = await shelf.samples.newest(shelf.place, sample(1).slot_ms, sample(3).slot_ms, 10)

    assert [number_of(each) for each in (*first, *rest)] == [4, 3, 2, 1, 0]
    assert [number_of(each) for each in between] == [2, 1]


async def test_sampler_follows_an_encoder_and_ends_with_one_zero(own_redis: RedisServer) -> None:
    """Two replicas fill each slot once."""
    clock, livestream = ManualClock(NOW / 1000), "a" * 32
    async with Redis(own_redis.url) as redis:
        repository, samples = Repository(redis, Lifetimes()), Samples(redis)
        await repository.apply(connected(livestream, 1), at(NOW))
        for _ in range(7):
            await Sampler(repository, samples, clock).take()
            await Sampler(repository, samples, clock).take()
            clock.advance(INTERVAL_MS / 1000)
        found = await samples.newest(Place(livestream, "primary"), 0, None, 100)
        others = await samples.newest(Place(livestream, "secondary"), 0, None, 100)

    slots = [(each.slot_ms - NOW) // INTERVAL_MS for each in found]
    assert (slots, [each.counts.rtmp_connections for each in found]) == ([3, 2, 1, 0], [0, 1, 1, 1])
    assert others == []


async def test_samples_wait_until_their_newest_is_stored(shelf: Kept) -> None:
    """One that comes while the others are being stored keeps its place waiting."""
    await shelf.take(range(5))
    (waiting,) = await shelf.samples.waiting(NOW)
    await shelf.take([5])
    await shelf.samples.settle(shelf.place, waiting.newest_ms, NOW)
    (still,) = await shelf.samples.waiting(NOW)
    await shelf.samples.settle(shelf.place, still.newest_ms, NOW)

    assert (waiting.place, waiting.newest_ms, waiting.stored_ms) == (shelf.place, sample(4).slot_ms, 0)
    assert (still.newest_ms, still.stored_ms, still.is_gone) == (sample(5).slot_ms, sample(4).slot_ms, False)
    assert await shelf.samples.waiting(NOW) == []


async def test_mark_of_what_is_stored_never_goes_back(shelf: Kept) -> None:
    """A replica that was paused says late what is long surpassed."""
    await shelf.take(range(5))
    await shelf.samples.settle(shelf.place, sample(3).slot_ms, NOW)
    await shelf.samples.settle(shelf.place, sample(1).slot_ms, NOW)
    (waiting,) = await shelf.samples.waiting(NOW)

    assert waiting.stored_ms == sample(3).slot_ms


async def test_stored_samples_go_from_redis_after_a_day_and_others_stay(shelf: Kept) -> None:
    """Redis need not hold twice what the object store keeps for good."""
    await shelf.take(range(400))
    stored_ms = sample(299).slot_ms
    await shelf.samples.settle(shelf.place, stored_ms, stored_ms + KEEP_STORED_MS)
    within = await shelf.samples.newest(shelf.place, 0, None, 1000)
    await shelf.samples.settle(shelf.place, stored_ms, stored_ms + 2 * KEEP_STORED_MS)
    later = await shelf.samples.newest(shelf.place, 0, None, 1000)

    assert 101 <= len(within) <= 201
    assert 100 <= len(later) <= 200


async def test_what_waits_for_longer_than_redis_keeps_it_is_forgotten(shelf: Kept) -> None:
    """Its samples have gone; there is nothing to be stored."""
    await shelf.take([0])

    assert await shelf.samples.waiting(NOW + 9 * 24 * 3_600_000) == []


async def test_deleted_livestream_gets_no_more_samples(shelf: Kept) -> None:
    """Its encoder may count for some seconds yet."""
    await shelf.take([0, 1])
    await shelf.samples.forget(shelf.place.livestream, NOW)
    await shelf.take([2])

    (found,) = await shelf.redis.run([("KEYS", f"*{shelf.place.livestream}*")])
    assert found == []
    assert {each.is_gone for each in await shelf.samples.waiting(NOW)} == {True}


async def test_keys_shared_by_all_go_by_themselves(shelf: Kept) -> None:
    """An installation that is left alone leaves nothing in Redis."""
    await shelf.take([0])
    await shelf.samples.forget(shelf.place.livestream, NOW)

    lives = await shelf.redis.run([("TTL", keys.WAITING), ("TTL", keys.GONE)])
    assert all(0 < life <= 8 * 24 * 3600 for life in lives)


@pytest.mark.parametrize("before_ms", [-5, 0, 1, NOW, 10**15])
async def test_any_time_can_be_asked_for(shelf: Kept, before_ms: int) -> None:
    """Nothing is before the beginning of time, and everything before its end."""
    await shelf.take([0, 1])

    found = await shelf.samples.newest(shelf.place, -5, before_ms, 10)
    assert len(found) == (2 if before_ms > NOW else 0)


async def test_sampler_that_dies_in_between_has_said_that_its_samples_wait(shelf: Kept) -> None:
    """Or the last sample of a broadcast would never be stored."""
    sent: list[Command] = []

    class Recorder:
        async def run(self, commands: Sequence[Command], *, may_refuse: bool = False) -> list[Any]:
            sent.extend(commands)
            return await shelf.redis.run(commands, may_refuse=may_refuse)

    await Samples(Recorder()).add({shelf.place: sample(0), Place("f" * 32, "secondary"): sample(0)})

    assert [command[0] for command in sent] == ["ZMSCORE", "ZADD", "EXPIRE", "XADD", "EXPIRE", "XADD", "EXPIRE"]
