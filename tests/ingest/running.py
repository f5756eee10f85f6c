"""Ingests for tests: in this process, and as children that may be killed."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import OnAir, Rules, StreamKey
from services.common import subjects
from services.common.bus.connection import Bus, connect
from services.common.bus.log import Log
from services.common.health import Health
from services.common.ids import digest, new_id, new_stream_key
from services.common.spine import Spine
from services.common.tasks import cancel, spawn
from services.ingest.app import IngestApp, open_app
from services.ingest.rtmp_server import RtmpServer
from services.ingest.settings import Settings
from services.packager.program.ordering import Batch, ConnectionOrder
from tests.servers.nats import NatsServer
from tests.servers.nursery import ForkedProcess, forked
from tests.servers.ports import free_ports

PATIENCE_S = 30.0


async def until(is_true: Callable[[], bool], *, timeout_s: float = PATIENCE_S) -> None:
    """Ask until it is so; TimeoutError if it does not become so."""
    async with asyncio.timeout(timeout_s):
        while not is_true():  # noqa: ASYNC110  what is asked about sets no event
            await asyncio.sleep(0.01)


def settings_for(nats: NatsServer, **more: str) -> dict[str, str]:
    """The environment of an ingest on free ports."""
    rtmp, metrics, grpc = free_ports(3)
    given = {
        "NATS_URL": nats.url,
        "RTMP_PORT": str(rtmp),
        "METRICS_PORT": str(metrics),
        "GRPC_PORT": str(grpc),
        "REPLICA": f"ingest-{new_id()[:6]}",
        "LOG_FORMAT": "json",
        "DRAIN_TIMEOUT": "10",
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


@dataclass(frozen=True)
class Livestream:
    """A livestream as ingest knows it: two keys."""

    id: str
    keys: dict[str, str]

    @property
    def key(self) -> str:
        return self.keys["primary"]


@dataclass
class Platform:
    """What api and the readers of the log do, as far as ingest notices."""

    bus: Bus
    spine: Spine

    async def create(self, *, is_enabled: bool = True) -> Livestream:
        """A livestream whose keys were made this moment."""
        made = Livestream(new_id(), {instance: new_stream_key() for instance in ("primary", "secondary")})
        for instance in made.keys:
            await self.put_key(made, instance, is_enabled=is_enabled)
        return made

    async def put_key(
        self,
        livestream: Livestream,
        instance: str = "primary",
        *,
        is_enabled: bool = True,
        refusal: str = "",
        rules: Rules | None = None,
    ) -> None:
        bucket = await self.spine.bucket(subjects.KEYS)
        record = StreamKey(livestream_id=livestream.id, instance=instance, is_enabled=is_enabled)
        record.refusal = refusal
        record.rules.CopyFrom(rules or Rules())
        await bucket.put(digest(livestream.keys[instance]), record.SerializeToString())

    async def withdraw(self, key: str) -> None:
        await (await self.spine.bucket(subjects.KEYS)).delete(digest(key))

    async def on_air(self, livestream: Livestream) -> OnAir | None:
        record = await (await self.spine.bucket(subjects.ONAIR)).get(livestream.id)
        return OnAir.FromString(record.value) if record is not None else None

    async def put_on_air(self, livestream: Livestream, record: OnAir) -> None:
        await (await self.spine.bucket(subjects.ONAIR)).put(livestream.id, record.SerializeToString())

    async def take_off(self, livestream: Livestream) -> None:
        """End the broadcast as its packager does."""
        await (await self.spine.bucket(subjects.ONAIR)).delete(livestream.id)

    async def subject(self, livestream: Livestream, instance: str = "primary") -> str:
        record = await self.on_air(livestream)
        assert record is not None
        return subjects.media(record.shard, instance, record.broadcast_id)

    async def read(self, subject: str) -> list[Batch]:
        """What the media log holds of a subject, in the readers' order."""
        shard = int(subject.split(".")[1])
        return await read_back(await self.spine.media(shard), subject)

    async def facts(self, livestream: Livestream) -> list[Fact]:
        """All facts about a livestream so far."""
        log = await self.spine.facts()
        subject = f"facts.*.{livestream.id}"
        return [Fact.FromString(payload) for _, _, payload in await _stored(log, subject)]

    async def fact(self, livestream: Livestream, kind: str, count: int = 1) -> Fact:
        """The last of so many facts of a kind, as soon as they are there."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = [fact for fact in await self.facts(livestream) if fact.WhichOneof("fact") == kind]
                if len(found) >= count:
                    return found[count - 1]
                await asyncio.sleep(0.02)

    async def closed(self, subject: str, count: int = 1) -> list[Batch]:
        """The log of a subject, once so many connections have ended in it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.read(subject)
                if sum(batch.closed is not None for batch in found) >= count:
                    return found
                await asyncio.sleep(0.02)


async def _stored(log: Log, subject: str) -> list[tuple[int, int, bytes]]:
    info = await log.bus.api(f"STREAM.INFO.{log.stream}", {"subjects_filter": subject})
    wanted = sum((info["state"].get("subjects") or {}).values())
    found: list[tuple[int, int, bytes]] = []
    reader = log.read([subject])
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < wanted:
            entry = await anext(reader)
            found.append((entry.sequence, entry.time_us, entry.payload))
    await reader.aclose()
    return found


async def read_back(log: Log, subject: str) -> list[Batch]:
    """A subject's messages, connection by connection, after applying the readers' rule."""
    order = ConnectionOrder()
    found = [batch for entry in await _stored(log, subject) for batch in order.feed(*entry)]
    assert order.lost == 0
    assert order.oldest_sequence is None
    return found


@asynccontextmanager
async def platform(nats: NatsServer) -> AsyncIterator[Platform]:
    """A connection of the test's own."""
    bus = await connect(nats.url, name="test")
    try:
        yield Platform(bus, Spine(bus, read_settings(settings_for(nats))))
    finally:
        await bus.close()


@dataclass
class Running:
    """An ingest of this process."""

    app: IngestApp
    settings: Settings

    @property
    def port(self) -> int:
        return self.settings.rtmp_port

    @property
    def server(self) -> RtmpServer:
        return self.app.server


@asynccontextmanager
async def ingest(nats: NatsServer, **more: str) -> AsyncIterator[Running]:
    """One in this process."""
    settings = read_settings(settings_for(nats, **more))
    async with open_app(settings, Health()) as app:
        assert isinstance(app, IngestApp)
        tasks = [spawn(job.run(), name=job.name) for job in app.jobs()]
        try:
            yield Running(app, settings)
        finally:
            for task in tasks:
                await cancel(task)


@dataclass
class Child:
    """An ingest that is a process of its own."""

    process: ForkedProcess
    port: int
    metrics_port: int
    log: Path

    def lines(self) -> str:
        return self.log.read_text(encoding="utf-8")


@asynccontextmanager
async def child(nats: NatsServer, folder: Path, **more: str) -> AsyncIterator[Child]:
    """One as a program of its own; it listens."""
    environment = settings_for(nats, **more)
    log = folder / f"{environment['HEADWATER_REPLICA']}.log"
    process = await forked("services.ingest", environment, log)
    running = Child(process, int(environment["HEADWATER_RTMP_PORT"]), int(environment["HEADWATER_METRICS_PORT"]), log)
    try:
        await until(lambda: '"started"' in running.lines() or process.returncode is not None)
        assert process.returncode is None, running.lines()
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
