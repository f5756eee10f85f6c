"""Feeds: where each new beginning and each catching up is marked."""

import asyncio

import pytest

from services.common.bus.entry import Entry
from services.common.bus.feed import CaughtUp, Feed, Opened
from services.common.bus.log import Log
from services.common.tasks import cancel, spawn
from tests.common.bus.waiting import until

pytestmark = pytest.mark.connected


def from_the_start(last: int | None) -> dict[str, object]:
    return {"deliver_policy": "by_start_sequence", "opt_start_seq": (last or 0) + 1}


async def test_marks_stand_around_what_was_there(log: Log, name: str) -> None:
    """Opened, the entries, CaughtUp; with nothing there the two marks alone."""
    empty = Feed(log.bus, name, [f"{name}.none"], from_the_start)
    assert [await empty.next(), await empty.next()] == [Opened(), CaughtUp()]
    await empty.close()
    for _ in range(3):
        await log.append(f"{name}.a", b"")
    feed = Feed(log.bus, name, [f"{name}.a"], from_the_start)
    items = [await feed.next() for _ in range(5)]
    await feed.close()
    assert items[0] == Opened()
    assert [item.sequence for item in items if isinstance(item, Entry)] == [1, 2, 3]
    assert items[4] == CaughtUp()


async def test_doubt_opens_anew_after_the_last_entry(log: Log, name: str) -> None:
    """The second beginning is marked too, and nothing is given twice."""
    feed = Feed(log.bus, name, [f"{name}.a"], from_the_start)
    await log.append(f"{name}.a", b"1")
    first = [await feed.next() for _ in range(2)]
    feed._again.set()
    await log.append(f"{name}.a", b"2")
    rest = [item for item in [await feed.next() for _ in range(4)] if isinstance(item, Entry | Opened)]
    await feed.close()
    entries = [item.payload for item in [*first, *rest] if isinstance(item, Entry)]
    assert entries == [b"1", b"2"]
    assert rest.count(Opened()) == 1


async def test_others_have_their_turn_while_much_is_read(log: Log, name: str) -> None:
    """Whoever reads on and on, never waiting, lets the rest of the program run now and then."""
    await asyncio.gather(*(log.append(f"{name}.a", b"") for _ in range(1000)))
    feed = Feed(log.bus, name, [f"{name}.a"], from_the_start)
    await feed.next()
    await until(lambda: len(feed._items) >= 1000)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = spawn(count(), name="other")
    await asyncio.sleep(0)
    for _ in range(1000):
        await feed.next()
    assert turns > 4
    await cancel(other)
    await feed.close()


async def test_closed_feed_gives_none(log: Log, name: str) -> None:
    """Before the first item as well as afterwards."""
    feed = Feed(log.bus, name, [f"{name}.a"], from_the_start)
    await feed.close()
    assert await feed.next() is None
