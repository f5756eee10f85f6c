"""The cache before the store, on a real store: what it keeps, what it shares, what it lets go."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from headwater.internal.v1.cmaf_pb2 import Index, Recording
from services.common import keys, metrics
from services.common.objects import ObjectStore, ObjectsUnavailable
from services.packager.origin import shelf as shelves
from services.packager.origin.shelf import Shelf
from tests.servers.s3 import S3Server

PATIENCE_S = 20.0

pytestmark = pytest.mark.connected


@pytest.fixture
async def store(s3_server: S3Server) -> AsyncIterator[ObjectStore]:
    found = ObjectStore(
        s3_server.url,
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
        bucket=f"shelf-{uuid4().hex[:12]}",
        region=s3_server.region,
    )
    await found.ensure_bucket()
    yield found
    await found.close()


def reads(word: str) -> float:
    return metrics.counter("headwater_origin_store_reads_total", result=word).value


async def put_recording(store: ObjectStore, prefix: str) -> None:
    await store.put(keys.index(prefix, 0), Index().SerializeToString())
    await store.put(keys.recording(prefix), Recording(index_count=1).SerializeToString())


async def test_object_is_fetched_once_for_all_who_ask(store: ObjectStore) -> None:
    """Those who come while it is on its way share the fetch, those who come later get what is kept."""
    await store.put("p/a", b"a" * 100)
    shelf, before = Shelf(store, cache_bytes=1000), reads("found")

    assert await asyncio.gather(*(shelf.object("p/a") for _ in range(20))) == [b"a" * 100] * 20
    await store.delete(["p/a"])

    assert await shelf.object("p/a") == b"a" * 100
    assert reads("found") - before == 1


async def test_what_was_not_asked_for_longest_goes_first(store: ObjectStore) -> None:
    """The bytes kept stay within the bound."""
    for name in "abc":
        await store.put(f"p/{name}", name.encode() * 400)
    shelf = Shelf(store, cache_bytes=1000)
    for name in "abac":
        await shelf.object(f"p/{name}")
    for name in "abc":
        await store.delete([f"p/{name}"])

    assert [await shelf.object(f"p/{name}") for name in "abc"] == [b"a" * 400, None, b"c" * 400]


async def test_object_larger_than_the_shelf_is_served_and_not_kept(store: ObjectStore) -> None:
    """It would push out everything else for nothing."""
    await store.put("p/small", b"s" * 10)
    await store.put("p/large", b"l" * 2000)
    shelf = Shelf(store, cache_bytes=1000)
    await shelf.object("p/small")
    assert await shelf.object("p/large") == b"l" * 2000
    await store.delete(["p/small"])
    await store.delete(["p/large"])

    assert (await shelf.object("p/small"), await shelf.object("p/large")) == (b"s" * 10, None)


async def test_what_is_missing_is_asked_for_again(store: ObjectStore) -> None:
    """A segment that is not stored yet, or a recording not complete, is there a moment later."""
    shelf = Shelf(store, cache_bytes=1000)
    assert (await shelf.object("p/a"), await shelf.recording("p")) == (None, None)
    await store.put("p/a", b"a")
    await put_recording(store, "p")

    assert await shelf.object("p/a") == b"a"
    assert await shelf.recording("p") is await shelf.recording("p")


async def test_forgotten_recording_takes_its_objects_along(store: ObjectStore) -> None:
    """What was deleted is not served on from memory; a longer prefix that begins alike stays."""
    for prefix in ("p", "pq"):
        await put_recording(store, prefix)
        await store.put(f"{prefix}/a", prefix.encode())
    shelf = Shelf(store, cache_bytes=1000)
    for prefix in ("p", "pq"):
        await shelf.recording(prefix)
        await shelf.object(f"{prefix}/a")
    await store.delete_prefix("p")
    shelf.forget("p")

    assert (await shelf.recording("p"), await shelf.object("p/a")) == (None, None)
    assert await shelf.recording("pq") is not None
    assert await shelf.object("pq/a") == b"pq"


async def test_only_so_many_recordings_are_kept(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was not asked for longest goes."""
    monkeypatch.setattr(shelves, "MAX_RECORDINGS", 2)
    shelf = Shelf(store, cache_bytes=1000)
    for prefix in ("r0", "r1"):
        await put_recording(store, prefix)
    first = [await shelf.recording(prefix) for prefix in ("r0", "r1", "r0")]
    await put_recording(store, "r2")
    await shelf.recording("r2")

    assert await shelf.recording("r0") is first[0]
    assert await shelf.recording("r1") is not first[1]


async def _found(shelf: Shelf, key: str) -> bytes | None:
    """None while the store is not back."""
    try:
        return await shelf.object(key)
    except ObjectsUnavailable:
        return None


async def test_store_that_is_away_is_an_error_for_all_and_is_asked_again(own_s3: S3Server) -> None:
    """A failure is not kept: with the store the answer is back."""
    store = ObjectStore(
        own_s3.url,
        access_key=own_s3.access_key,
        secret_key=own_s3.secret_key,
        bucket="shelf",
        region=own_s3.region,
    )
    await store.ensure_bucket()
    await store.put("p/a", b"a")
    shelf = Shelf(store, cache_bytes=1000)
    await asyncio.to_thread(own_s3.kill)
    outcomes = await asyncio.gather(*(shelf.object("p/a") for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ObjectsUnavailable] * 3
    await asyncio.to_thread(own_s3.start)

    async with asyncio.timeout(PATIENCE_S):
        while await _found(shelf, "p/a") != b"a":  # noqa: ASYNC110  a store that has just begun sets no event
            await asyncio.sleep(0.05)
    await store.close()


async def test_recording_that_is_not_complete_is_not_asked_for_each_time(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is believed for a while by who only hopes, not by who knows that it is complete."""
    monkeypatch.setattr(shelves, "ABSENT_S", 600.0)
    shelf = Shelf(store, cache_bytes=1000)
    assert await shelf.recording("p", is_expected=False) is None
    await put_recording(store, "p")

    assert await shelf.recording("p", is_expected=False) is None
    assert await shelf.recording("p") is not None
    assert await shelf.recording("p", is_expected=False) is not None


async def test_recording_that_was_not_complete_is_asked_for_again_after_a_while(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who only hopes finds it, too, when the time is over."""
    monkeypatch.setattr(shelves, "ABSENT_S", 0.0)
    shelf = Shelf(store, cache_bytes=1000)
    assert await shelf.recording("p", is_expected=False) is None
    await put_recording(store, "p")

    assert await shelf.recording("p", is_expected=False) is not None
