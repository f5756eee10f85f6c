"""Buckets: compare-and-set, lists, and keys that go by themselves."""

import asyncio

import pytest

from services.common.bus.bucket import Bucket, Record, open_bucket
from services.common.bus.connection import Bus
from services.common.bus.errors import Exists, Stale
from services.common.telemetry import continued

pytestmark = pytest.mark.connected


@pytest.fixture
async def bucket(bus: Bus, name: str) -> Bucket:
    return await open_bucket(bus, name)


async def test_key_lives_through_create_update_delete(bucket: Bucket) -> None:
    """Each step gives the revision that the next one asks for."""
    first = await bucket.create("a", b"1")
    assert await bucket.get("a") == Record("a", b"1", first)
    second = await bucket.update("a", b"2", first)
    assert await bucket.get("a") == Record("a", b"2", second)
    await bucket.delete("a", second)
    assert await bucket.get("a") is None


async def test_stale_revision_is_refused_everywhere(bucket: Bucket) -> None:
    """Whoever did not see the last write changes nothing."""
    first = await bucket.create("a", b"1")
    second = await bucket.update("a", b"2", first)
    with pytest.raises(Exists):
        await bucket.create("a", b"x")
    with pytest.raises(Stale):
        await bucket.update("a", b"x", first)
    with pytest.raises(Stale):
        await bucket.delete("a", first)
    assert await bucket.get("a") == Record("a", b"2", second)


async def test_deleted_key_can_be_created_again_by_one(bucket: Bucket) -> None:
    """Of many who try at once exactly one succeeds, every time."""
    for _ in range(5):
        results = await asyncio.gather(*(bucket.create("a", str(n).encode()) for n in range(8)), return_exceptions=True)
        revisions = [result for result in results if isinstance(result, int)]
        assert len(revisions) == 1
        assert all(isinstance(result, int | Exists) for result in results)
        await bucket.delete("a", revisions[0])


async def test_of_many_updates_at_once_one_wins(bucket: Bucket) -> None:
    """Compare-and-set from the same revision: one writer, the others are told."""
    revision = await bucket.put("a", b"0")
    results = await asyncio.gather(
        *(bucket.update("a", str(n).encode(), revision) for n in range(10)), return_exceptions=True
    )
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, Stale) for result in results) == 9


async def test_list_gives_what_is_there(bucket: Bucket) -> None:
    """Deleted keys are not in it, and a pattern narrows it."""
    assert await bucket.list() == []
    for key in ("x.1", "x.2", "y.1"):
        await bucket.put(key, key.encode())
    await bucket.delete("x.1")
    assert {record.key for record in await bucket.list()} == {"x.2", "y.1"}
    assert [record.value for record in await bucket.list("x.*")] == [b"x.2"]


async def test_thousand_keys_are_listed_whole(bucket: Bucket) -> None:
    """More than one flow-control window."""
    await asyncio.gather(*(bucket.put(f"k.{n}", bytes(3000)) for n in range(1500)))
    assert len(await bucket.list()) == 1500


@pytest.mark.parametrize("key", ["", " ", "a b", "a\r\nPUB x", "*", ">", "a..b", ".a", "ä"])
async def test_what_cannot_be_a_key_is_not_there(bucket: Bucket, key: str) -> None:
    """Looking up bytes from outside is safe; writing them is a mistake of ours."""
    assert await bucket.get(key) is None
    with pytest.raises(ValueError, match="not a key"):
        await bucket.put(key, b"")


async def test_key_with_an_age_goes_by_itself(bus: Bus, name: str) -> None:
    """Renewing keeps it, silence ends it, and then it can be created."""
    bucket = await open_bucket(bus, name, ttl_s=1.0)
    revision = await bucket.create("a", b"1")
    async with asyncio.timeout(10):
        while await bucket.get("a") is not None:  # noqa: ASYNC110  the server has no event for it
            await asyncio.sleep(0.05)
    with pytest.raises(Stale):
        await bucket.update("a", b"2", revision)
    await bucket.create("a", b"3")


async def test_bucket_opened_twice_keeps_its_keys(bus: Bus, name: str) -> None:
    """Each program opens the buckets it needs."""
    first, second = await asyncio.gather(open_bucket(bus, name), open_bucket(bus, name))
    await first.put("a", b"1")
    assert (await second.get("a")) is not None


async def test_write_carries_the_trace_in_which_it_is_made(bucket: Bucket) -> None:
    """Who reads the key can go on with the trace; a write outside of one carries nothing."""
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    revision = await bucket.create("outside", b"1")
    with continued({"traceparent": parent}):
        await bucket.update("outside", b"2", revision)
        await bucket.create("created", b"1")
        await bucket.put("put", b"1")
    for key in ("outside", "created", "put"):
        found = await bucket.get(key)
        assert found is not None
        assert found.headers["traceparent"].split("-")[1] == parent.split("-")[1]
    await bucket.put("put", b"2")

    found = await bucket.get("put")

    assert found is not None
    assert "traceparent" not in found.headers
    (listed,) = await bucket.list("put")
    assert listed.headers == {}


async def test_deletion_in_a_trace_is_a_deletion(bucket: Bucket) -> None:
    """Its mark and the trace ride in one header block."""
    await bucket.create("a", b"1")
    with continued({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}):
        await bucket.delete("a")

    assert await bucket.get("a") is None
    assert await bucket.list() == []
