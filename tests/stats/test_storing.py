"""Samples on their way from a real Redis to a real object store."""

import asyncio
from unittest.mock import patch

import pytest

from services.common import keys, metrics
from services.common.errors import AppError
from services.stats.samples import Place, Samples
from services.stats.series import INTERVAL_MS
from tests.stats.keeping import NOW, PER_BLOCK, Fuse, Kept, Killed, away, backwards, sample

pytestmark = pytest.mark.connected


async def test_blocks_are_stored_while_a_broadcast_runs(shelf: Kept) -> None:
    """Each when its stretch is over, and settled; and a round that finds nothing due does nothing."""
    for number in range(0, 60, 5):
        await shelf.take(range(number, number + 5))
        await shelf.storing().round()
    there = await shelf.objects_there()
    await shelf.storing().round()

    stored = sorted(await shelf.stored_numbers())
    assert stored == list(range(len(stored)))
    assert 60 - 6 - PER_BLOCK <= len(stored) <= 60 - 6
    assert len(there) <= 60 // PER_BLOCK + 1
    assert await shelf.objects_there() == there


async def test_rest_is_stored_a_minute_after_the_end(shelf: Kept) -> None:
    """And then nothing waits any more."""
    await shelf.keep(range(PER_BLOCK + 3))

    assert sorted(await shelf.stored_numbers()) == list(range(PER_BLOCK + 3))
    assert await shelf.samples.waiting(NOW) == []


async def test_next_broadcast_begins_where_the_last_one_ended(shelf: Kept) -> None:
    """What is stored is not stored again, also in the same stretch of time."""
    await shelf.keep(range(3))
    await shelf.keep(range(20, 25))

    assert sorted(await shelf.stored_numbers()) == [*range(3), *range(20, 25)]


async def test_two_replicas_at_once_store_the_same_objects(shelf: Kept) -> None:
    """The same samples have the same name and the same bytes."""
    await shelf.take(range(40))
    shelf.clock.advance(120)
    await asyncio.gather(*(shelf.storing().round() for _ in range(3)))

    assert sorted(await shelf.stored_numbers()) == list(range(40))


async def test_killed_between_any_two_steps_another_replica_stores_the_same(shelf: Kept) -> None:
    """Nothing is missing, and no object is there that one who lived would not have written."""
    await shelf.take(range(2 * PER_BLOCK + 3))
    shelf.clock.advance(120)
    whole, after = Fuse(), 0
    await shelf.storing(whole).round()
    expected = [each.key for each in await shelf.objects_there()]
    for after in range(whole.done + 1):
        await shelf.empty_redis()
        await shelf.objects.delete(expected)
        await shelf.take(range(2 * PER_BLOCK + 3))
        shelf.clock.advance(120)
        with pytest.raises(Killed):
            await shelf.storing(Fuse(after)).round()
        assert await shelf.numbers(7) == backwards(2 * PER_BLOCK + 2)
        await shelf.storing().round()
        assert [each.key for each in await shelf.objects_there()] == expected
        assert await shelf.samples.waiting(NOW) == []

    assert after == whole.done >= 5


async def test_more_than_one_reading_is_stored_in_the_same_blocks(shelf: Kept) -> None:
    """After the object store was away for hours: a reading ends in the middle of a block, which is not cut there."""
    with patch("services.stats.storing._SAMPLES_AT_ONCE", 2 * PER_BLOCK + 5):
        await shelf.keep(range(130))

    assert sorted(await shelf.stored_numbers()) == list(range(130))
    assert len(await shelf.objects_there()) <= 130 // PER_BLOCK + 2


async def test_store_that_is_away_costs_nothing_but_time(shelf: Kept) -> None:
    """A metric tells for how long, nothing is let go of, and once it is back all of it is stored."""
    behind = metrics.gauge("headwater_stats_unstored_seconds")
    await shelf.take(range(30))
    shelf.clock.advance(120)
    async with away(shelf):
        storing = shelf.storing()
        await storing.attempt()
        shelf.clock.advance(40)
        await storing.attempt()
    seen, is_up = behind.value, metrics.gauge("headwater_objects_available").value
    waiting = await shelf.samples.waiting(NOW)
    await shelf.storing().attempt()

    assert (seen, is_up, behind.value) == (40, 0, 0)
    assert [each.stored_ms for each in waiting] == [0]
    assert sorted(await shelf.stored_numbers()) == list(range(30))
    assert await shelf.samples.waiting(NOW) == []


async def test_livestream_that_redis_refuses_holds_up_no_other(shelf: Kept) -> None:
    """Somebody has written into one's keys; the others are stored, and the round says that not all are."""
    other = Place("c" * 32, "primary")
    await shelf.samples.add({other: sample(0)})
    await shelf.redis.run([("SET", f"headwater:stats:{{{other.livestream}}}:samples:primary", "x")])
    await shelf.take(range(3))
    shelf.clock.advance(120)
    with pytest.raises(AppError, match="Redis refuses"):
        await shelf.storing().round()

    assert sorted(await shelf.stored_numbers()) == [0, 1, 2]


async def test_what_was_stored_during_a_deletion_is_cleared(shelf: Kept) -> None:
    """Who had read the samples before they were deleted has written a block after it."""
    await shelf.keep([0])
    await shelf.samples.forget(shelf.place.livestream, round(shelf.clock.now() * 1000))
    await shelf.storing().round()
    at_first = await shelf.objects_there()
    shelf.clock.advance(60)
    await shelf.storing().round()

    assert len(at_first) == 1
    assert await shelf.objects_there() == []
    assert await shelf.samples.waiting(NOW) == []


async def test_deletion_is_not_undone_by_who_stores_at_that_moment(shelf: Kept) -> None:
    """It says that all is stored; the deleted livestream waits to be cleared nevertheless."""
    await shelf.take(range(5))
    stored_ms = sample(4).slot_ms
    await shelf.samples.forget(shelf.place.livestream, stored_ms + INTERVAL_MS)
    await shelf.blocks.put(shelf.place, [sample(0)])
    await Samples(shelf.redis).settle(shelf.place, stored_ms, NOW)
    shelf.clock.advance(120)
    await shelf.storing().round()

    assert await shelf.objects.list(keys.statistics(shelf.place.livestream)) == []
