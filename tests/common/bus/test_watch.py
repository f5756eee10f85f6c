"""Watches: the state, the mark, the changes; and after an outage whatever differs."""

import asyncio
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.bus.bucket import Bucket, open_bucket
from services.common.bus.connection import Bus
from services.common.bus.watch import Change, Known, Values, Watch
from tests.common.bus.waiting import until
from tests.servers.nats import NatsServer


async def take(watch: Watch, count: int) -> list[Change | None]:
    async with asyncio.timeout(10):
        return [await anext(watch) for _ in range(count)]


def changes_of(batch: Values | list[Change | None]) -> list[Change | None]:
    return list(map(Change, *batch)) if isinstance(batch, Values) else batch


@pytest.fixture
async def bucket(bus: Bus, name: str) -> Bucket:
    return await open_bucket(bus, name)


@pytest.mark.connected
async def test_batch_has_all_that_has_come(bucket: Bucket) -> None:
    """Several at once, in order, the mark among them; nothing once the watch is closed."""
    revisions = [await bucket.put(key, b"1") for key in "abc"]
    found: list[Change | None] = []
    async with bucket.watch() as watch, asyncio.timeout(10):
        while len(found) < 4:
            found += changes_of(await watch.batch())
    assert found == [*(Change(key, b"1", at) for key, at in zip("abc", revisions, strict=True)), None]
    assert await watch.batch() == []


@pytest.mark.connected
async def test_values_come_by_column_whatever_they_were_written_with(bucket: Bucket) -> None:
    """What compare-and-set leaves in their headers is no obstacle; a deletion among them is, and is told as one."""
    revisions = [await bucket.create(key, b"1") for key in "abcdef"]
    batches = []
    async with bucket.watch() as watch, asyncio.timeout(10):
        while None not in (found := changes_of(batch := await watch.batch())):
            batches.append(batch)
        listed = [change for each in batches for change in changes_of(each)] + found
        await bucket.create("g", b"1")
        created = await watch.batch()
        await bucket.delete("a")
        await bucket.put("b", b"2")
        told = await take(watch, 2)
    assert [change.revision for change in listed if change] == revisions
    assert (type(created), changes_of(created)) == (Values, [Change("g", b"1", 7)])
    assert told == [Change("a", None, 8), Change("b", b"2", 9)]


@pytest.mark.connected
async def test_state_then_mark_then_changes(bucket: Bucket) -> None:
    """A deleted key is not part of the state, and later deletions are changes."""
    a = await bucket.put("a", b"1")
    b = await bucket.put("b", b"1")
    await bucket.delete("b", b)
    async with bucket.watch() as watch:
        assert await take(watch, 2) == [Change("a", b"1", a), None]
        a = await bucket.update("a", b"2", a)
        await bucket.delete("a", a)
        assert await take(watch, 2) == [Change("a", b"2", a), Change("a", None, a + 1)]


@pytest.mark.connected
async def test_empty_bucket_is_marked_complete_at_once(bucket: Bucket) -> None:
    """Nobody waits for a first key."""
    async with bucket.watch() as watch:
        assert await take(watch, 1) == [None]


@pytest.mark.connected
async def test_pattern_narrows_a_watch(bucket: Bucket) -> None:
    """Other keys are neither listed nor told."""
    await bucket.put("x.1", b"")
    await bucket.put("y.1", b"")
    async with bucket.watch("x.*") as watch:
        listed = await take(watch, 2)
        await bucket.put("y.2", b"")
        await bucket.put("x.2", b"")
        told = await take(watch, 1)
    assert [change.key for change in [*listed, *told] if change] == ["x.1", "x.2"]


@pytest.mark.connected
async def test_what_changed_while_nats_was_away_is_told(own_bus: Bus, own_nats: NatsServer) -> None:
    """After a kill the watch gives what differs, keys whose age ran out included, and nothing twice."""
    bucket = await open_bucket(own_bus, "b", ttl_s=2.0)
    await bucket.put("gone", b"1")
    async with bucket.watch() as watch:
        await take(watch, 2)
        for _ in range(2):
            own_nats.kill()
            await until(lambda: not own_bus.is_connected)
            await asyncio.to_thread(own_nats.start)
            await asyncio.wait_for(own_bus.wait_connected(), 10)
        kept = await bucket.put("new", b"2")
        assert await take(watch, 1) == [Change("new", b"2", kept)]
        async with asyncio.timeout(10):
            while await bucket.get("gone") is not None:  # noqa: ASYNC110  the server has no event for it
                await asyncio.sleep(0.05)
        own_nats.kill()
        await until(lambda: not own_bus.is_connected)
        await asyncio.to_thread(own_nats.start)
        assert Change("gone", None, 0) in await take(watch, 1)


@pytest.mark.connected
async def test_bucket_that_was_lost_is_empty_and_goes_on(own_bus: Bus, own_nats: NatsServer) -> None:
    """An empty disk means that every key is gone; what is written then is told although its number is lower."""
    bucket = await open_bucket(own_bus, "b")
    for n in range(5):
        await bucket.put("a", str(n).encode())
    async with bucket.watch() as watch:
        await take(watch, 2)
        own_nats.kill()
        shutil.rmtree(own_nats.folder / "jetstream")
        await until(lambda: not own_bus.is_connected)
        await asyncio.to_thread(own_nats.start)
        await asyncio.wait_for(own_bus.wait_connected(), 10)
        bucket = await open_bucket(own_bus, "b")
        assert await take(watch, 1) == [Change("a", None, 0)]
        await bucket.put("b", b"1")
        assert await take(watch, 1) == [Change("b", b"1", 1)]


KEYS = st.sampled_from("abcde")
LISTS = st.lists(st.dictionaries(KEYS, st.integers(1, 9), max_size=5), min_size=1, max_size=6)


@given(LISTS)
def test_lists_one_after_the_other_tell_exactly_what_differs(lists: list[dict[str, int]]) -> None:
    """Applying what is told to what was known before gives each list, and nothing is told twice."""
    known, mirror = Known(), dict[str, int]()
    for listed in lists:
        before = dict(mirror)
        known.begin()
        news = {key: revision for key, revision in listed.items() if known.note(key, revision, is_there=True)}
        gone = known.finish()
        mirror.update(news)
        for key in gone:
            del mirror[key]
        assert mirror == listed
        assert news == {key: revision for key, revision in listed.items() if before.get(key) != revision}


def test_many_are_noted_at_once_but_while_what_was_known_is_listed_again() -> None:
    """Then some may be no news, and none of them is noted: they are looked at one by one."""
    known = Known()
    known.begin()
    assert known.note_many(["a", "b"], [1, 2])
    assert known.note_many(["a", "c"], [3, 4])
    known.begin()
    assert not known.note_many(["a", "d"], [3, 5])
    assert [known.note(key, at, is_there=True) for key, at in (("a", 3), ("b", 2), ("d", 5))] == [False, False, True]
    assert known.finish() == ["c"]
    assert known.note_many(["c"], [6])
    assert not known.note("c", 6, is_there=True)


def test_deletion_of_an_unknown_key_is_no_news() -> None:
    """The marker that a long deleted key left behind is not told."""
    known = Known()
    assert not known.note("a", 3, is_there=False)
    assert known.note("a", 4, is_there=True)
    assert known.note("a", 5, is_there=False)
