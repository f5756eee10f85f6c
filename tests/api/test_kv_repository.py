"""Records in a real bucket, and the read model beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from headwater.internal.v1.onair_pb2 import StreamKey
from headwater.internal.v1.records_pb2 import InputKey, LivestreamRecord, MediaRecord
from services.api.insisting import Lost
from services.api.keeper import ORPHAN_AFTER_S
from services.api.kv_repository import KvRepository
from services.api.records import open_records
from services.common.bus.bucket import Bucket, Record, open_bucket
from services.common.bus.connection import Bus, connect
from services.common.clock import ManualClock
from services.common.errors import AppError, Kind
from services.common.ids import new_id
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from services.common.tasks import cancel, spawn
from tests.api.in_process import domain_of
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    bus = await connect(nats.url, name="test")
    yield bus
    await bus.close()


@pytest.fixture
async def bucket(bus: Bus) -> Bucket:
    return await open_bucket(bus, f"media-{new_id()}")


def repository(bucket: Bucket) -> KvRepository[MediaRecord]:
    return KvRepository(
        bucket, MediaRecord, time_us=lambda each: each.create_time_us, group=lambda each: each.livestream_id
    )


@pytest.fixture
async def media(bucket: Bucket) -> AsyncIterator[KvRepository[MediaRecord]]:
    made = repository(bucket)
    task = spawn(made.follow(), name="follow")
    await made.is_complete.wait()
    yield made
    await cancel(task)


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(1000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never was so")


async def test_own_write_is_read_at_once(media: KvRepository[MediaRecord]) -> None:
    """Without waiting for the watch."""
    stored = await media.create("a", MediaRecord(name="x"))

    assert media.peek("a") == stored
    assert (await media.update("a", MediaRecord(name="y"), stored.revision)).revision > stored.revision
    assert media.items()[0].record.name == "y"


async def test_write_over_another_revision_is_a_conflict(media: KvRepository[MediaRecord]) -> None:
    """Create, update and delete alike."""
    stored = await media.create("a", MediaRecord())
    await media.update("a", MediaRecord(name="x"), stored.revision)

    for write in (
        media.create("a", MediaRecord()),
        media.update("a", MediaRecord(), stored.revision),
        media.delete("a", stored.revision),
    ):
        with pytest.raises(AppError) as caught:
            await write
        assert caught.value.kind is Kind.CONFLICT


async def test_two_who_change_at_once_lose_nothing(bucket: Bucket, media: KvRepository[MediaRecord]) -> None:
    """Each change is made on top of the other's."""
    other = repository(bucket)
    await media.create("a", MediaRecord())

    def add(record: MediaRecord | None) -> MediaRecord | None:
        assert record is not None
        record.size_bytes += 1
        return record

    async def add_often(to: KvRepository[MediaRecord]) -> None:
        for _ in range(20):
            await to.change("a", add)

    await asyncio.gather(add_often(media), add_often(other))

    found = await media.look_up("a")
    assert found is not None
    assert found.record.size_bytes == 40


async def test_who_was_too_late_knows_what_is_there_by_now(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for the watch, and by asking once: so trying again makes sense."""
    behind, asked, get = repository(bucket), list[str](), bucket.get

    async def counted(key: str) -> Record | None:
        asked.append(key)
        return await get(key)

    monkeypatch.setattr(bucket, "get", counted)
    stored = await behind.create("a", MediaRecord())
    newer = await bucket.put("a", MediaRecord(name="x").SerializeToString())

    with pytest.raises(Lost):
        await behind.update("a", MediaRecord(), stored.revision)
    known = behind.peek("a")
    assert (known.revision if known else 0, asked) == (newer, ["a"])

    await bucket.put("a", MediaRecord(name="y").SerializeToString())
    changed = await behind.change("a", lambda record: MediaRecord(name=f"{record.name}!") if record else None)
    assert (changed.record.name if changed else "", asked) == ("y!", ["a", "a"])


async def test_change_that_changes_nothing_writes_nothing(media: KvRepository[MediaRecord]) -> None:
    """The etag stays."""
    stored = await media.create("a", MediaRecord(name="x"))

    assert await media.change("a", lambda record: record) == stored
    assert await media.change("b", lambda _record: None) is None


async def test_another_replicas_write_arrives_by_the_watch(bucket: Bucket, media: KvRepository[MediaRecord]) -> None:
    """Values and deletions; what the watch has not brought yet is looked up."""
    other = repository(bucket)
    await other.create("a", MediaRecord(name="x"))
    found = await media.get("a")
    assert found is not None
    await until(lambda: media.peek("a") is not None)
    await other.delete("a")
    await until(lambda: media.peek("a") is None)

    assert await media.get("a") is None


async def test_deleted_record_does_not_flicker_and_may_come_again(media: KvRepository[MediaRecord]) -> None:
    """The watch brings what was written before the deletion after it; a new record under the key is another matter."""
    for number in range(20):
        stored = await media.create("a", MediaRecord(width=number))
        await media.update("a", MediaRecord(width=number, height=1), stored.revision)
        await media.delete("a")
        await asyncio.sleep(0)
        assert media.peek("a") is None
    again = await media.create("a", MediaRecord(name="again"))

    assert media.peek("a") == again


async def test_what_is_read_at_the_start_is_told_many_at_a_time_and_like_what_comes_later(
    bucket: Bucket, media: KvRepository[MediaRecord]
) -> None:
    """Each record once to all who listen, and in its groups; what changes afterwards one by one."""
    for number in range(300):
        record = MediaRecord(livestream_id="xy"[number % 2], create_time_us=number % 7)
        await bucket.create(f"k{number:03}", record.SerializeToString())
    late, one_by_one, at_once = repository(bucket), list[str](), list[int]()
    late.listen(lambda key, _record: one_by_one.append(key))
    late.listen(lambda _key, _record: at_once.append(1), lambda keys, _records: at_once.append(len(keys)))
    task = spawn(late.follow(), name="follow")
    await late.is_complete.wait()
    await late.change("k000", lambda _record: MediaRecord(livestream_id="y"))
    await cancel(task)

    assert one_by_one == [*(f"k{number:03}" for number in range(300)), "k000"]
    assert (sum(at_once), at_once[-1], max(at_once) > 1) == (301, 1, True)
    await until(lambda: media.count("x") == 149)
    assert [late.keys(group) for group in "xy"] == [media.keys(group) for group in "xy"]


async def test_key_of_no_livestream_is_removed_after_a_while(bus: Bus) -> None:
    """Not at once: another replica may be about to write the livestream."""
    records = await open_records(Spine(bus, ServiceSettings()), noticed=lambda _key: None)
    clock = ManualClock()
    keeper = domain_of(records, clock).keeper
    lost, owned, owner = new_id() * 2, new_id() * 2, new_id()
    await records.keys.create(lost, StreamKey(livestream_id=new_id()))
    await records.keys.create(owned, StreamKey(livestream_id=owner))
    await records.livestreams.create(owner, LivestreamRecord(id=owner, input_keys=[InputKey(digest=owned)]))

    await keeper.repair()
    clock.advance(ORPHAN_AFTER_S - 1)
    await keeper.repair()
    assert await records.keys.look_up(lost) is not None
    clock.advance(1)
    await keeper.repair()

    assert await records.keys.look_up(lost) is None
    assert await records.keys.look_up(owned) is not None
