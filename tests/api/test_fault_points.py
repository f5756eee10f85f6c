"""api killed at every write of each operation: afterwards another replica's keeper has finished or nothing was done.

A kill is an exception that nobody catches, raised just after the n-th write of a bucket, for each n in turn. FAULTS
lists the operations; how many writes each has is counted, so that a new write is a new fault point by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from headwater.internal.v1.onair_pb2 import OnAir, Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord
from headwater.v1.livestreams_pb2 import Livestream
from headwater.v1.media_pb2 import ClipMediaRequest
from headwater.v1.outputs_pb2 import Output
from services.api import output
from services.api.caller import calling
from services.api.clips import clip
from services.api.livestream_fields import fresh, take
from services.api.records import open_records
from services.common.bus.bucket import Bucket
from services.common.bus.connection import Bus, connect
from services.common.clock import SystemClock
from services.common.ids import new_id
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from services.common.tasks import cancel, spawn
from tests.api.in_process import WRITER, Domain, domain_of
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

WRITES = ("create", "update", "delete")


class Killed(BaseException):
    """Nobody catches it."""


@dataclass
class Fuse:
    """Counts writes, and kills after the `after`-th; -1: never."""

    after: int = -1
    written: int = 0
    _whole: dict[str, Any] = field(default_factory=lambda: {name: getattr(Bucket, name) for name in WRITES})

    def lay(self, patch: pytest.MonkeyPatch) -> None:
        for name in WRITES:
            patch.setattr(Bucket, name, self._burning(name))

    def _burning(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def write(bucket: Bucket, *given: Any) -> Any:
            self._check()
            done = await self._whole[name](bucket, *given)
            self.written += 1
            self._check()
            return done

        return write

    def _check(self) -> None:
        if 0 <= self.after <= self.written:
            raise Killed


@dataclass(frozen=True)
class Scene:
    """A livestream on air with a recording of an earlier broadcast, and two replicas."""

    dying: Domain
    other: Domain
    livestream: str
    broadcast: str
    media: str


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    bus = await connect(nats.url, name="test")
    yield bus
    await bus.close()


@pytest.fixture
async def replicas(bus: Bus) -> AsyncIterator[tuple[Domain, Domain]]:
    domains, tasks = [], []
    for _ in range(2):
        records = await open_records(Spine(bus, ServiceSettings()), noticed=lambda _key: None)
        tasks += [spawn(repository.follow(), name=name) for name, repository in records.followed()]
        for _, repository in records.followed():
            await repository.is_complete.wait()
        domains.append(domain_of(records, SystemClock()))
    yield domains[0], domains[1]
    for task in tasks:
        await cancel(task)


async def staged(dying: Domain, other: Domain, *, is_on_air: bool) -> Scene:
    draft = fresh(dying.livestreams.now_us())
    take(draft, Livestream(publish_gate=True), frozenset({"publish_gate"}), draft.create_time_us)
    made = await dying.livestreams.create(draft)
    scene = Scene(dying, other, made.key, new_id(), new_id())
    records = dying.livestreams.records
    recorded = Playback(livestream_id=made.key, broadcast_id=scene.media, state=Playback.RECORDED, is_recorded=True)
    recorded.start_time_us, recorded.end_time_us, recorded.duration_us = 1, 2, 10_000_000
    await records.playback.create(scene.media, recorded)
    await dying.chronicle.note_playback(recorded)
    if is_on_air:
        on_air = OnAir(broadcast_id=scene.broadcast, start_time_us=made.record.create_time_us, rules=made.record.rules)
        await records.on_air.create(made.key, on_air)
        await dying.chronicle.note_on_air(made.key, on_air)
        await records.broadcasts.change(scene.broadcast, _with_picture)
    return scene


def _with_picture(record: BroadcastRecord | None) -> BroadcastRecord | None:
    assert record is not None
    record.source_time_us = record.start_time_us
    return record


async def _update(scene: Scene) -> None:
    stored = await scene.dying.livestreams.get(scene.livestream)
    record = LivestreamRecord.FromString(stored.record.SerializeToString())
    record.rules.reconnect_window_ms = 7_000
    await scene.dying.livestreams.update(stored, record, frozenset({"reconnect_window"}))


async def _delete(scene: Scene) -> None:
    marked = await scene.dying.livestreams.delete(
        await scene.dying.livestreams.get(scene.livestream), deletes_media=True
    )
    await scene.dying.deletion.finish(marked)


async def _delete_media(scene: Scene) -> None:
    await scene.dying.recordings.delete(await scene.dying.recordings.get(scene.media))


async def _restore_media(scene: Scene) -> None:
    await _delete_media(scene)
    await scene.dying.recordings.restore(await scene.dying.recordings.get(scene.media))


async def _purge_media(scene: Scene) -> None:
    await scene.dying.recordings.purge(await scene.dying.recordings.get(scene.media))


async def _clip_media(scene: Scene) -> None:
    piece = ClipMediaRequest(start=Duration(seconds=1), end=Duration(seconds=3))
    await clip(scene.dying.recordings, await scene.dying.recordings.get(scene.media), piece)


async def _simulcast(scene: Scene) -> None:
    target = Output(type=Output.SIMULCAST, url="rtmp://a.example/live", stream_key="k")
    await scene.dying.outputs.create(scene.livestream, target)


Operation = Callable[[Scene], Awaitable[object]]

ON_AIR: dict[str, Operation] = {
    "update": _update,
    "idle": lambda scene: scene.dying.livestreams.idle(scene.livestream),
    "complete": lambda scene: scene.dying.livestreams.complete(scene.livestream),
    "publish": lambda scene: scene.dying.livestreams.publish(scene.livestream),
    "disable": lambda scene: scene.dying.livestreams.set_enabled(scene.livestream, is_enabled=False),
    "rotate keys": lambda scene: scene.dying.livestreams.rotate_keys(scene.livestream),
    "create an output": _simulcast,
}
OFF_AIR: dict[str, Operation] = {
    "create": lambda scene: scene.dying.livestreams.create(fresh(scene.dying.livestreams.now_us())),
    "activate": lambda scene: scene.dying.livestreams.activate(scene.livestream),
    "delete with media": _delete,
    "delete a media": _delete_media,
    "restore a media": _restore_media,
    "delete a media for good": _purge_media,
    "clip a media": _clip_media,
}
FAULTS = {name: (work, name in ON_AIR) for name, work in (ON_AIR | OFF_AIR).items()}


@pytest.mark.parametrize("name", FAULTS)
async def test_killed_after_any_write_another_replica_finishes(
    name: str, replicas: tuple[Domain, Domain], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records, keys, what is on air, what origins may show and the facts that were said all agree."""
    work, is_on_air = FAULTS[name]
    monkeypatch.setattr("services.api.livestreams.PUBLISH_WAIT_S", 0.0)
    with calling(WRITER):
        scene = await staged(*replicas, is_on_air=is_on_air)
        whole = await _kill(scene, work, after=-1)
        assert whole.written
        for after in range(whole.written + 1):
            scene = await staged(*replicas, is_on_air=is_on_air)
            await _kill(scene, work, after)
            await _tidy(scene)


async def _kill(scene: Scene, work: Operation, after: int) -> Fuse:
    fuse = Fuse(after)
    with pytest.MonkeyPatch.context() as patch:
        fuse.lay(patch)
        with suppress(Killed):
            await work(scene)
    return fuse


async def _tidy(scene: Scene) -> None:
    """The other replica keeps house until all agrees."""
    for _ in range(300):
        await _catch_up(scene)
        await scene.other.keeper.give_orders()
        await scene.other.keeper.repair()
        await _observe(scene)
        await scene.other.keeper.say_again()
        wrong = _what_is_wrong(scene)
        if not wrong:
            return
        await asyncio.sleep(0.01)
    pytest.fail(", ".join(wrong))


async def _catch_up(scene: Scene) -> None:
    """A watch may be a moment behind; a keeper that looks a moment later is not."""
    records, keys = scene.other.livestreams.records, scene.dying.livestreams.records.keys.items(scene.livestream)
    await records.livestreams.look_up(scene.livestream)
    await records.on_air.look_up(scene.livestream)
    await records.media.look_up(scene.media)
    await records.playback.look_up(scene.media)
    for key in keys:
        await records.keys.look_up(key.key)


async def _observe(scene: Scene) -> None:
    for stored in scene.other.livestreams.records.playback.items():
        if stored.key == scene.media:
            await scene.other.chronicle.note_playback(stored.record)


def _what_is_wrong(scene: Scene) -> list[str]:
    records, wrong = scene.other.livestreams.records, []
    said = scene.dying.facts.said | scene.other.facts.said
    for stored in records.livestreams.items():
        record = stored.record
        if record.delete_time_us:
            wrong.append("a deletion is not finished")
        elif not scene.other.livestreams.consequences.are_drawn(record):
            wrong.append("what follows from a record is not done")
        if any(change.fact_id not in said for change in record.history):
            wrong.append("a change was never said")
        if len(output.outputs_of(record)) < 2:
            wrong.append("an output is lost")
    is_gone = records.livestreams.peek(scene.livestream) is None
    if is_gone and scene.livestream not in scene.dying.samples.deleted + scene.other.samples.deleted:
        wrong.append("samples are kept of what is gone")
    media, playback = records.media.peek(scene.media), records.playback.peek(scene.media)
    if media is not None and not scene.other.recordings.is_withheld_rightly(media.record):
        wrong.append("origins show what is deleted, or hide what is not")
    if media is not None and playback is not None and playback.record.state == Playback.GONE:
        wrong.append("a media is listed whose recording is gone")
    if media is None and not any(fact.media_changed.is_permanent for fact in said.values()):
        wrong.append("a deletion was never said")
    for each in records.media.items(scene.livestream):
        cut = records.playback.peek(each.key)
        if each.record.clipped_from and (cut is None or each.record.last_change.fact_id not in said):
            wrong.append("a clip is listed that does not play, or was never said")
    return wrong


@pytest.mark.parametrize(
    ("name", "reason"),
    [("idle", "order"), ("complete", "complete"), ("disable", "disabled"), ("rotate keys", "keys-rotated")],
)
async def test_order_that_stands_in_the_record_reaches_the_broadcast(
    name: str, reason: str, replicas: tuple[Domain, Domain]
) -> None:
    """Whoever was answered nothing may find it done; whoever was answered finds it done for certain."""
    with calling(WRITER):
        scene = await staged(*replicas, is_on_air=True)
        await _kill(scene, ON_AIR[name], after=1)
        await _tidy(scene)
        on_air = await scene.other.livestreams.records.on_air.look_up(scene.livestream)

    assert on_air is not None
    assert (on_air.record.broadcast_id, on_air.record.end_reason) == (scene.broadcast, reason)
