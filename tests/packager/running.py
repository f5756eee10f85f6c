"""Packagers on a real server: as programs that may be killed, with a broadcast that tests write themselves."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from headwater.internal.v1.cmaf_pb2 import Segment
from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import OnAir, Playback, Rules
from services.common import subjects
from services.common.bus.bucket import Bucket
from services.common.bus.connection import connect
from services.common.bus.entry import Entry
from services.common.bus.errors import BusError
from services.common.bus.log import Log
from services.common.ids import new_id
from services.common.media.tick import TickAssembler
from services.common.playback import PlaybackRecords
from services.common.spine import Spine
from services.packager.settings import Settings
from tests.packager.program.encoder import Message
from tests.packager.program.log import Logs
from tests.servers.nats import NatsServer
from tests.servers.nursery import ForkedProcess, forked
from tests.servers.ports import free_ports

PATIENCE_S = 30.0


async def until(is_true: Callable[[], Awaitable[bool]], *, timeout_s: float = PATIENCE_S) -> None:
    """Ask until it is so; TimeoutError if it does not become so."""
    async with asyncio.timeout(timeout_s):
        while not await is_true():  # noqa: ASYNC110  what is asked about sets no event
            await asyncio.sleep(0.02)


def environment(nats: NatsServer, replica: str, **more: str) -> dict[str, str]:
    """The environment of a packager on that server."""
    metrics_port, grpc_port = free_ports(2)
    given = {
        "NATS_URL": nats.url,
        "REPLICA": replica,
        "METRICS_PORT": str(metrics_port),
        "GRPC_PORT": str(grpc_port),
        "LOG_FORMAT": "text",
        "CMAF_LOG_BYTES": "200MB",
        "MEDIA_LOG_BYTES": "200MB",
        "FACTS_BYTES": "50MB",
        **more,
    }
    return {f"HEADWATER_{name}": value for name, value in given.items()}


@dataclass
class Child:
    """A packager as a program of its own."""

    nats: NatsServer
    replica: str
    settings: dict[str, str] = field(default_factory=dict)
    process: ForkedProcess | None = None
    _log: Path | None = None
    """Of the present process."""

    async def start(self) -> None:
        """Return when it works."""
        self._log = self.nats.folder / f"{self.replica}-{new_id()}.log"
        given = environment(self.nats, self.replica, **self.settings)
        self.process = await forked("services.packager", given, self._log)
        await self.until_said("started")

    @property
    def said(self) -> list[str]:
        """Its log, line by line."""
        return [] if self._log is None else self._log.read_text(errors="replace").splitlines()

    async def until_said(self, text: str, *, timeout_s: float = PATIENCE_S) -> None:
        """Return when its log has that."""
        async with asyncio.timeout(timeout_s):
            while not self.has_said(text):  # noqa: ASYNC110  a line that comes sets no event
                await asyncio.sleep(0.01)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
        await self._gone()

    async def stop(self) -> int:
        """End it in order; its status."""
        self.signal(signal.SIGTERM)
        return await self._gone()

    async def _gone(self) -> int:
        assert self.process is not None
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    def has_said(self, text: str) -> bool:
        return any(text in line for line in self.said)


@asynccontextmanager
async def children(nats: NatsServer, *replicas: str, **settings: str) -> AsyncIterator[list[Child]]:
    """Packagers that are killed at the end, whatever happens."""
    found = [Child(nats, replica, settings) for replica in replicas]
    try:
        for child in found:
            await child.start()
        yield found
    finally:
        for child in found:
            await child.kill()


@dataclass
class Stage:
    """One livestream in real logs, with the test as its encoder."""

    spine: Spine
    media: Log
    cmaf: Log
    onair: Bucket
    playback: PlaybackRecords
    livestream: str = field(default_factory=new_id)
    broadcast: str = field(default_factory=new_id)
    revision: int = 0

    async def go_on_air(self, *, start_time_us: int = 0, **rules: object) -> None:
        """Create the key as ingest does."""
        known = {"reconnect_window_ms": 60_000, "record": True} | rules
        value = OnAir(
            broadcast_id=self.broadcast,
            start_time_us=start_time_us or round(asyncio.get_running_loop().time() * 1e6),
            rules=Rules(**known),  # type: ignore[arg-type]
        )
        self.revision = await self.onair.create(self.livestream, value.SerializeToString())

    async def change(self, edit: Callable[[OnAir], None]) -> None:
        """Change the key as ingest or api does."""
        found = await self.onair.get(self.livestream)
        assert found is not None
        value = OnAir.FromString(found.value)
        edit(value)
        self.revision = await self.onair.update(self.livestream, value.SerializeToString(), found.revision)

    async def send(self, messages: list[Message], *, each_s: float = 0.0) -> None:
        """Write a media log, whatever becomes of the server meanwhile."""
        for message in messages:
            subject = subjects.media(0, message.instance, self.broadcast)
            msg_id = f"{self.broadcast}-{hash(message.payload)}"
            await _persist(lambda s=subject, m=message, i=msg_id: self.media.append(s, m.payload, msg_id=i))  # type: ignore[misc]
            if each_s:
                await asyncio.sleep(each_s)

    async def ticks(self) -> Logs:
        """The CMAF log as it stands, as tests of the program have theirs."""
        logs, assembler, sequences = Logs(), TickAssembler(), []
        for entry in await self._entries(subjects.ticks(0, self.broadcast)):
            sequences.append(entry.sequence)
            tick = assembler.feed(entry.sequence, entry.payload)
            if tick is not None:
                parts = tuple(tick.part_bytes(index) for index in range(len(tick.head.parts)))
                logs.ticks.append((tick.first_sequence, tick.head, parts))
        for entry in await self._entries(subjects.segments(0, self.broadcast)):
            logs.segments.append(Segment.FromString(entry.payload))
        return logs

    async def part_times_us(self) -> list[int]:
        """JetStream's stamps of the ticks that have parts, in order."""
        found, assembler = list[int](), TickAssembler()
        for entry in await self._entries(subjects.ticks(0, self.broadcast)):
            tick = assembler.feed(entry.sequence, entry.payload)
            if tick is not None and tick.head.parts:
                found.append(entry.time_us)
        return found

    async def facts(self) -> list[Fact]:
        """What has been said of this livestream."""
        log = await self.spine.facts()
        found, sequence = [], 1
        usage = await log.usage()
        while sequence <= usage.last_sequence:
            entry = await log.get(sequence)
            sequence += 1
            if entry is not None and entry.subject.endswith(self.livestream):
                found.append(Fact.FromString(entry.payload))
        return found

    async def _entries(self, subject: str) -> list[Entry]:
        last = await self.cmaf.last(subject)
        found: list[Entry] = []
        if last is None:
            return found
        async with asyncio.timeout(PATIENCE_S), self.cmaf.read([subject]) as entries:
            async for entry in entries:
                found.append(entry)
                if entry.sequence >= last.sequence:
                    break
        return found

    async def has_ended(self) -> bool:
        """True once the playback record says so."""
        record = await self.playback.get(self.broadcast)
        return record is not None and record.state == Playback.ENDED


async def _persist(attempt: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await attempt()
            except BusError:
                await asyncio.sleep(0.05)
            else:
                return


@asynccontextmanager
async def stage(nats: NatsServer) -> AsyncIterator[Stage]:
    """A livestream that is not on air yet."""
    given = environment(nats, "test")
    before = dict(os.environ)
    os.environ.update(given)
    try:
        settings = Settings()
    finally:
        os.environ.clear()
        os.environ.update(before)
    bus = await connect(nats.url, name="test")
    try:
        spine = Spine(bus, settings)
        playback = PlaybackRecords(await spine.bucket(subjects.PLAYBACK))
        onair = await spine.bucket(subjects.ONAIR)
        yield Stage(spine, await spine.media(0), await spine.cmaf(0), onair, playback)
    finally:
        await bus.close()
