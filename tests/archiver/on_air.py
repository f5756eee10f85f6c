"""A broadcast as a packager leaves it in real logs, without a packager."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from headwater.internal.v1.cmaf_pb2 import End, Segment, Tick
from headwater.internal.v1.onair_pb2 import OnAir, Playback, Rules
from services.archiver.settings import Settings
from services.common import subjects
from services.common.bus.connection import Bus, connect
from services.common.bus.errors import Refused
from services.common.bus.log import Log
from services.common.ids import new_id
from services.common.objects import ObjectStore
from services.common.playback import PlaybackRecords
from services.common.spine import Spine
from services.packager.program.draft import Draft
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from services.packager.tick_log import TickLog, append_for_good
from tests.packager.program.encoder import Message, Recording, messages
from tests.packager.program.log import new_ledger
from tests.servers.nats import NatsServer
from tests.servers.s3 import S3Server


def settings_for(nats: NatsServer, s3: S3Server, folder: Path, **more: str) -> dict[str, str]:
    """The environment of an archiver on these servers; each call has a bucket of its own."""
    given = {
        "NATS_URL": nats.url,
        "S3_ENDPOINT": s3.url,
        "S3_ACCESS_KEY": s3.access_key,
        "S3_SECRET_KEY": s3.secret_key,
        "S3_BUCKET": f"archive-{new_id()[:12]}",
        "S3_REGION": s3.region,
        "HOME": str(folder),
        "METRICS_PORT": "0",
        "GRPC_PORT": "0",
        "REPLICA": f"archiver-{new_id()[:6]}",
        **more,
    }
    return {f"HEADWATER_{name}": value for name, value in given.items()}


def read_settings(environment: dict[str, str]) -> Settings:
    """The settings that a program finds in this environment."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        return Settings()
    finally:
        os.environ.clear()
        os.environ.update(before)


class _Narrow(Log):
    """A log on a bus that takes less at a time."""

    def __init__(self, log: Log, max_payload: int) -> None:
        super().__init__(cast("Bus", _NarrowBus(log.bus, max_payload)), log.stream)


class _NarrowBus:
    def __init__(self, bus: Bus, max_payload: int) -> None:
        self._bus = bus
        self.max_payload = max_payload + 1024

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)


@dataclass
class Broadcast:
    """One broadcast that tests write tick by tick."""

    record: Playback
    media: Log
    cmaf: Log
    program: Program = field(init=False)
    ticks: list[tuple[Tick, tuple[bytes, ...]]] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)

    def __post_init__(self) -> None:
        ledger = new_ledger(record=self.record.is_recorded)
        ledger.state.broadcast_id = self.record.broadcast_id
        ledger.state.livestream_id = self.record.livestream_id
        self.program = Program(ledger, ProgramSettings(), epoch=1)
        self._log = TickLog(self.cmaf, self.subject)

    @property
    def subject(self) -> str:
        return subjects.ticks(0, self.record.broadcast_id)

    @property
    def segment_subject(self) -> str:
        return subjects.segments(0, self.record.broadcast_id)

    async def send(self, sent: Sequence[Message]) -> None:
        """Let these messages of encoders come in."""
        for message in sent:
            subject = subjects.media(0, message.instance, self.record.broadcast_id)
            sequence = await self.media.append(subject, message.payload)
            for draft in self.program.feed(message.instance, sequence, message.stamp_us, message.payload):
                await self._write(draft)

    async def send_all(self, recording: Recording, **options: float) -> None:
        """Let a whole connection come in."""
        await self.send(messages(recording, connection=5, **options))  # type: ignore[arg-type]

    def cut_to(self, max_payload: int) -> None:
        """Let a message have at most about so many bytes, as on a server set otherwise."""
        self._log = TickLog(_Narrow(self.cmaf, max_payload), self.subject)

    async def copy_segment(self, of: Segment, msn: int) -> None:
        """Say that the ticks of a segment are those of another number, too: a long broadcast in no time."""
        segment = Segment()
        segment.CopyFrom(of)
        segment.msn, segment.purge_cmaf_before, segment.purge_media_before = msn, 0, 0
        await self.announce(segment)

    async def _write(self, draft: Draft) -> None:
        sequences = await self._log.write(draft, previous=self.program.ledger.last_sequence)
        self.ticks.append((Tick.FromString(draft.head.SerializeToString()), draft.parts))
        segment = self.program.written(draft, sequences)
        if segment is not None:
            self.segments.append(segment)
            await self.announce(segment)

    async def announce(self, segment: Segment, *, msg_id: str | None = None) -> None:
        """Say a segment to the archivers."""
        segment.store_prefix = self.record.store_prefix
        name = msg_id or f"{self.record.broadcast_id}-{'end' if segment.HasField('end') else segment.msn}"
        await append_for_good(self.cmaf, self.segment_subject, segment.SerializeToString(), msg_id=name)

    async def end(self) -> None:
        """End the broadcast."""
        end = End(reason="order", time_us=self.record.start_time_us + 60_000_000)
        for draft in self.program.end(end.reason, end.time_us):
            await self._write(draft)
        await self.end_at(self.program.ledger.msn)

    async def end_at(self, segment_count: int) -> None:
        """Say that the broadcast has ended with so many segments."""
        await self.announce(
            Segment(
                livestream_id=self.record.livestream_id,
                broadcast_id=self.record.broadcast_id,
                msn=segment_count,
                record=self.record.is_recorded,
                end=End(reason="order", time_us=self.record.start_time_us + 60_000_000),
            )
        )

    def bytes_of(self, name: str, msn: int) -> bytes:
        """What viewers have fetched of a rendition's segment."""
        (number,) = [each.number for each in self.program.ledger.state.renditions if each.name == name]
        return b"".join(
            raw
            for head, parts in self.ticks
            if head.msn == msn
            for part, raw in zip(head.parts, parts, strict=True)
            if part.rendition == number
        )


@dataclass
class Stage:
    """The servers' side of a test: streams, buckets, store."""

    spine: Spine
    playback: PlaybackRecords
    objects: ObjectStore
    environment: dict[str, str]

    async def begin(self, *, record: bool = True) -> Broadcast:
        """A broadcast that has just begun."""
        on_air = OnAir(broadcast_id=new_id(), start_time_us=1_700_000_000_000_000, rules=Rules(record=record))
        playback = await self.playback.begin(new_id(), on_air)
        return Broadcast(playback, await self.spine.media(0), await self.spine.cmaf(0))

    async def is_in(self, broadcast: Broadcast, state: "Playback.State.ValueType") -> bool:
        """Whether its playback record says so."""
        found = await self.playback.get(broadcast.record.broadcast_id)
        return found is not None and found.state == state

    async def is_worked_off(self, broadcast: Broadcast) -> bool:
        """Whether no message waits for an archiver."""
        try:
            answer = await broadcast.cmaf.bus.api(f"CONSUMER.INFO.{broadcast.cmaf.stream}.archiver")
        except Refused:
            return False  # no archiver has come yet
        return bool(answer["num_pending"] == answer["num_ack_pending"] == 0)

    async def count(self, log: Log, subject: str) -> int:
        """Messages of a subject that are in a log."""
        answer = await log.bus.api(f"STREAM.INFO.{log.stream}", {"subjects_filter": subject})
        return sum((answer["state"].get("subjects") or {}).values())


@asynccontextmanager
async def stage(nats: NatsServer, s3: S3Server, folder: Path, **more: str) -> AsyncIterator[Stage]:
    """Open everything but the archiver."""
    environment = settings_for(nats, s3, folder, **more)
    settings = read_settings(environment)
    bus = await connect(nats.url, name="test")
    spine = Spine(bus, settings)
    await spine.facts()
    objects = ObjectStore(
        s3.url,
        access_key=s3.access_key,
        secret_key=s3.secret_key,
        bucket=settings.s3_bucket,
        region=s3.region,
    )
    try:
        yield Stage(spine, PlaybackRecords(await spine.bucket(subjects.PLAYBACK)), objects, environment)
    finally:
        await objects.close()
        await bus.close()
