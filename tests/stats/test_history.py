"""Pages out of a real Redis and a real object store, across the seam between them."""

from collections.abc import Sequence
from unittest.mock import patch

import pytest

from services.common.errors import AppError, Kind
from services.stats import history
from services.stats.samples import Place
from tests.stats.keeping import NOW, PER_BLOCK, Kept, away, backwards, sample

pytestmark = pytest.mark.connected


@pytest.mark.parametrize("size", [1, 7, PER_BLOCK, 1000])
async def test_pages_cross_the_seam_without_doubles_or_holes(shelf: Kept, size: int) -> None:
    """The oldest are in the object store alone, some in both, the newest in Redis alone."""
    await shelf.keep(range(30))
    await shelf.empty_redis()
    await shelf.take(range(30, 60))
    await shelf.storing().round()
    pages = await shelf.pages(size)

    assert [number for page in pages for number in page] == backwards(59)
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)


async def test_emptied_redis_costs_what_was_in_no_block(shelf: Kept) -> None:
    """History is there up to the last block, and goes on with the next sample."""
    await shelf.take(range(50))
    await shelf.storing().round()
    stored = sorted(await shelf.stored_numbers())
    await shelf.empty_redis()
    without = await shelf.numbers()
    await shelf.take(range(50, 53))

    assert without == stored[::-1]
    assert await shelf.numbers() == [52, 51, 50, *stored[::-1]]


async def test_redis_that_came_back_with_what_it_held_before_has_its_hole_filled(shelf: Kept) -> None:
    """It was restored from an older copy: what it does not know is in the object store, between what it knows."""
    await shelf.keep(range(40))
    await shelf.empty_redis()
    await shelf.take(range(10))
    await shelf.take(range(40, 45))

    for size in (4, 100):
        assert await shelf.numbers(size) == backwards(44)


async def test_blocks_that_overlap_count_once(shelf: Kept) -> None:
    """Two replicas have cut at different places, which a kill at the wrong moment may do."""
    for numbers in (range(5), range(3, 9), range(8), range(12, 14)):
        await shelf.blocks.put(shelf.place, list(map(sample, numbers)))

    for size in (1, 3, 100):
        assert await shelf.numbers(size) == [13, 12, *backwards(8)]


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        (10, 20, backwards(19, 10)),
        (0, 3, [2, 1, 0]),
        (55, None, backwards(59, 55)),
        (28, 33, backwards(32, 28)),
        (70, 80, []),
        (20, 20, []),
    ],
)
async def test_time_limits_what_is_read(shelf: Kept, after: int, before: int | None, expected: Sequence[int]) -> None:
    """From the first on and before the second, in Redis, in the object store, and across both."""
    await shelf.keep(range(30))
    await shelf.empty_redis()
    await shelf.take(range(30, 60))

    for size in (4, 100):
        assert [number for page in await shelf.pages(size, after, before) for number in page] == expected


@pytest.mark.parametrize(
    ("after_ms", "before_ms", "count"),
    [(0, 0, 0), (0, 1, 0), (10**15, None, 0), (0, 253_402_300_799_000, 30), (5, 5, 0)],
)
async def test_any_time_can_be_asked_for(shelf: Kept, after_ms: int, before_ms: int | None, count: int) -> None:
    """From the beginning of time to the last year that there is a word for."""
    await shelf.keep(range(30))

    page = await shelf.history.page(shelf.place, after_ms, before_ms, 100)
    assert (len(page.samples), page.before_ms) == (count, None)


async def test_instances_and_livestreams_are_apart(shelf: Kept) -> None:
    """Each has its own samples."""
    await shelf.keep(range(5))
    others = Place(shelf.place.livestream, "secondary"), Place("d" * 32, "primary")

    for place in others:
        assert (await shelf.history.page(place, 0, None, 10)).samples == []


async def test_without_the_store_redis_answers_and_says_that_more_may_follow(shelf: Kept) -> None:
    """Who asks on hears that it is away; he is not told that history ends there."""
    await shelf.keep(range(5))
    async with away(shelf):
        page = await shelf.history.page(shelf.place, 0, None, 10)
        with pytest.raises(AppError) as refusal:
            await shelf.history.page(shelf.place, 0, page.before_ms, 10)

    assert (len(page.samples), page.before_ms) == (5, NOW)
    assert refusal.value.kind is Kind.UNAVAILABLE
    assert (await shelf.history.page(shelf.place, 0, page.before_ms, 10)).before_ms is None


async def test_page_reads_no_more_blocks_than_it_may(shelf: Kept) -> None:
    """Where each broadcast was one sample long a page is shorter, and the next one goes on there."""
    for number in range(0, 60, 2):
        await shelf.blocks.put(shelf.place, [sample(number)])
    with patch.object(history, "BLOCKS", 8):
        pages = await shelf.pages(20)

    assert [number for page in pages for number in page] == backwards(58)[::2]
    assert max(map(len, pages)) <= 8


async def test_object_that_is_no_block_is_passed_over(shelf: Kept) -> None:
    """Somebody has written into our folder: the rest is read."""
    await shelf.keep(range(30))
    await shelf.empty_redis()
    (spoilt, *_) = await shelf.objects_there()
    lost, _ = await shelf.blocks.find(shelf.place, None, 1)
    await shelf.objects.put(spoilt.key, b"\xff\xff")
    await shelf.objects.put(f"statistics/{shelf.place.livestream}/primary/readme", b"?")
    numbers = [n for n in backwards(29) if not lost[0].first_ms <= sample(n).slot_ms <= lost[0].last_ms]

    assert numbers
    assert await shelf.numbers(5) == numbers
