"""The media log's writer against a real nats-server that is killed, paused and too small."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from services.common.bus.connection import connect
from services.common.bus.errors import TooLarge
from services.common.bus.log import Log
from services.common.bus.stream import StreamConfig, ensure_stream
from services.common.clock import SystemClock
from services.common.ids import new_id
from services.common.media.unit import CLOCK_RATE, Codec, Config, Track, Unit
from services.common.tasks import spawn
from services.common.telemetry import continued
from services.ingest.batcher import Batcher, BatchLimits, Body
from services.ingest.media_log import LogLimits, MediaLogWriter
from services.packager.program.ordering import Batch
from tests.ingest.running import read_back, until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

GOP = 30


@dataclass
class Source:
    """Units with a mark each, batched as ingest does it."""

    clock: SystemClock = field(default_factory=SystemClock)
    made: int = 0

    def __post_init__(self) -> None:
        self._batcher = Batcher(BatchLimits(size_bytes=10_000))
        self._batcher.add_config(Config(Track.VIDEO, Codec.H264, b"avc"))

    def bodies(self, units: int, size: int = 3000) -> list[Body]:
        found = []
        for _ in range(units):
            payload = self.made.to_bytes(4, "big") + bytes(size - 4)
            unit = Unit(Track.VIDEO, self.made * CLOCK_RATE // 30, 0, self.made % GOP == 0, payload)
            found += self._batcher.add(unit, self.clock.monotonic())
            self.made += 1
        return found + self._batcher.flush()


@dataclass
class Written:
    """A subject of its own, and what was dropped on the way."""

    log: Log
    subject: str
    drops: list[tuple[int, int]] = field(default_factory=list)

    def writer(self, connection: int = 7, *, after: MediaLogWriter | None = None, **limits: float) -> MediaLogWriter:
        return MediaLogWriter(
            self.log,
            self.subject,
            connection=connection,
            limits=LogLimits(**limits),  # type: ignore[arg-type]
            clock=SystemClock(),
            on_drop=lambda units, size: self.drops.append((units, size)),
            after=after,
        )

    async def batches(self) -> list[Batch]:
        return await read_back(self.log, self.subject)


def marks(batches: list[Batch]) -> list[int]:
    units = [item.content for batch in batches for item in batch.items if isinstance(item.content, Unit)]
    return [int.from_bytes(unit.payload[:4], "big") for unit in units]


@pytest.fixture
async def written(own_nats: NatsServer) -> AsyncIterator[Written]:
    bus = await connect(own_nats.url, name="test")
    log = await ensure_stream(bus, StreamConfig(name="MEDIA-0", subjects=("media.0.>",)))
    yield Written(log, f"media.0.primary.{new_id()}")
    await bus.close()


def tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("media log")}


async def test_units_are_in_the_log_in_order_and_the_end_is_last(written: Written) -> None:
    """Messages are numbered 1, 2, 3 ..., each held for the time it was held."""
    source, writer = Source(), written.writer()
    bodies = source.bodies(200)
    for body in bodies:
        writer.write(body)
    assert writer.buffered_bytes == sum(len(body.entries) for body in bodies)
    assert await writer.close("bye", is_clean=True, timeout_s=5)
    batches = await written.batches()
    assert [batch.n for batch in batches] == list(range(1, len(bodies) + 2))
    assert (batches[-1].closed, batches[-1].items) == ("bye", ())
    assert marks(batches) == list(range(200))
    assert (writer.buffered_bytes, written.drops, tasks()) == (0, [], set())
    assert (await written.log.usage()).last_sequence == len(bodies) + 1


async def test_server_killed_again_and_again_at_full_rate_loses_nothing(written: Written, own_nats: NatsServer) -> None:
    """The log reads back n = 1 to N in order under the readers' rule, every unit once.

    This is the proof of design.md section 4, point 1, for a nats-server killed at full rate: the real server, the
    program's own writer and the packager's own order of reading.
    """
    source, writer = Source(), written.writer()
    is_over = asyncio.Event()

    async def send() -> None:
        while not is_over.is_set():
            for body in source.bodies(12):
                writer.write(body)
            await asyncio.sleep(0.01)

    sending = spawn(send(), name="test")
    for _ in range(4):
        seen = source.made
        await until(lambda seen=seen: source.made > seen + 400)  # type: ignore[misc]
        await asyncio.to_thread(own_nats.kill)
        await asyncio.to_thread(own_nats.start)
        await written.log.bus.wait_connected()
    is_over.set()
    await sending
    assert await writer.close("bye", is_clean=True, timeout_s=20)
    batches = await written.batches()
    assert [batch.n for batch in batches] == list(range(1, len(batches) + 1))
    assert marks(batches) == list(range(source.made))
    assert batches[-1].closed == "bye"
    assert (written.drops, tasks()) == ([], set())


async def test_first_message_carries_the_trace_of_its_connection(written: Written, own_nats: NatsServer) -> None:
    """Also when it had to be sent again; the others carry nothing but their ids."""
    source = Source()
    with continued({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}):
        writer = written.writer()
    await asyncio.to_thread(own_nats.kill)
    await until(lambda: not written.log.bus.is_connected)
    for body in source.bodies(30):
        writer.write(body)
    await asyncio.to_thread(own_nats.start)
    assert await writer.close("bye", is_clean=True, timeout_s=20)

    last = (await written.log.usage()).last_sequence
    first, *others = [entry.headers for entry in await written.log.get_many(range(1, last + 1))]

    assert first["traceparent"].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
    assert first["Nats-Msg-Id"] == "7-1"
    assert len(others) > 3
    assert not any("traceparent" in headers for headers in others)


async def test_paused_server_gets_each_message_once(written: Written, own_nats: NatsServer) -> None:
    """What was acknowledged too late is sent again under its id, so it is in the log once."""
    source, writer = Source(), written.writer()
    own_nats.pause()
    bodies = source.bodies(60)
    for body in bodies:
        writer.write(body)
    await until(lambda: bool(tasks()))  # the acknowledgements have timed out
    own_nats.resume()
    assert await writer.close("bye", is_clean=True, timeout_s=20)
    assert marks(await written.batches()) == list(range(60))
    assert (await written.log.usage()).last_sequence == len(bodies) + 1


async def test_overflow_while_nats_is_away_drops_whole_gops_and_goes_on(written: Written, own_nats: NatsServer) -> None:
    """What is left is whole: after each gap comes a key frame; what is missing was told."""
    source, writer = Source(), written.writer(buffer_bytes=500_000, in_flight=4)
    for body in source.bodies(GOP + 3):
        writer.write(body)
    await until(lambda: writer.buffered_bytes == 0)
    own_nats.kill()
    await until(lambda: not written.log.bus.is_connected)
    for _ in range(20):
        for body in source.bodies(GOP):
            writer.write(body)
        assert writer.buffered_bytes < 500_000 + 5 * 10_100
    await asyncio.to_thread(own_nats.start)
    await written.log.bus.wait_connected()
    for body in source.bodies(2 * GOP):
        writer.write(body)
    assert await writer.close("bye", is_clean=True, timeout_s=10)
    batches = await written.batches()
    found = marks(batches)
    assert [batch.n for batch in batches] == list(range(1, len(batches) + 1))
    assert source.made - len(found) == sum(units for units, _ in written.drops)
    assert written.drops
    gaps = [later for earlier, later in itertools.pairwise(found) if later != earlier + 1]
    assert len(gaps) == 1
    assert gaps[0] % GOP == 0
    assert found[-1] == source.made - 1


async def test_unit_in_pieces_is_not_torn_by_an_overflow(written: Written, own_nats: NatsServer) -> None:
    """A unit whose first pieces are on their way is finished, whatever else is dropped."""
    source, writer = Source(), written.writer(buffer_bytes=100_000, in_flight=4)
    own_nats.pause()
    for body in source.bodies(GOP, size=150_000):
        writer.write(body)
    own_nats.resume()
    await until(lambda: not writer.buffered_bytes)
    for body in source.bodies(GOP):
        writer.write(body)
    assert await writer.close("bye", is_clean=True, timeout_s=10)
    units = [item.content for batch in await written.batches() for item in batch.items]
    sizes = [len(unit.payload) for unit in units if isinstance(unit, Unit)]
    assert sizes == [150_000] + [3000] * GOP
    assert sum(units for units, _ in written.drops) == GOP - 1


async def test_close_keeps_its_time_while_nats_is_away(written: Written, own_nats: NatsServer) -> None:
    """It says that the end is not in the log, tells what is lost, and leaves no task behind."""
    source, writer = Source(), written.writer(in_flight=2)
    own_nats.kill()
    await until(lambda: not written.log.bus.is_connected)
    for body in source.bodies(GOP):
        writer.write(body)
    async with asyncio.timeout(5):
        assert not await writer.close("bye", is_clean=True, timeout_s=0.3)
    assert sum(units for units, _ in written.drops) > 0
    await until(lambda: not tasks())


async def test_end_during_an_outage_is_written_after_it(written: Written, own_nats: NatsServer) -> None:
    """An encoder that leaves while NATS is away loses nothing."""
    source, writer = Source(), written.writer()
    own_nats.kill()
    await until(lambda: not written.log.bus.is_connected)
    for body in source.bodies(GOP):
        writer.write(body)
    closing = spawn(writer.close("bye", is_clean=True, timeout_s=20), name="test")
    await asyncio.to_thread(own_nats.start)
    assert await closing
    assert marks(await written.batches()) == list(range(GOP))


async def test_message_refused_for_its_size_leaves_its_number_to_an_empty_one(written: Written) -> None:
    """It would be refused for ever; what comes after it must not wait."""
    source, writer = Source(), written.writer()
    first, huge, last = source.bodies(1), source.bodies(1, size=9_500), source.bodies(1)
    grown = Body(huge[0].entries + bytes(9_000_000), 1, False, False, 0.0, 1)
    with pytest.raises(TooLarge):
        written.log.append_nowait(written.subject, grown.entries)
    for body in (*first, grown, *last):
        writer.write(body)
    assert await writer.close("bye", is_clean=True, timeout_s=5)
    batches = await written.batches()
    assert [len(batch.items) > 0 for batch in batches] == [True, False, True, False]
    assert marks(batches) == [0, 2]
    assert written.drops == [(1, len(grown.entries))]


async def test_stream_that_refuses_everything_is_asked_again_until_it_takes_it(written: Written) -> None:
    """Nothing is thrown away for what an operator can mend."""
    source, writer = Source(), written.writer()
    await written.log.bus.api("STREAM.DELETE.MEDIA-0")
    for body in source.bodies(GOP):
        writer.write(body)
    await until(lambda: bool(tasks()))
    await ensure_stream(written.log.bus, StreamConfig(name="MEDIA-0", subjects=("media.0.>",)))
    assert await writer.close("bye", is_clean=True, timeout_s=10)
    assert marks(await written.batches()) == list(range(GOP))


async def test_later_connection_lets_the_earlier_one_finish(written: Written, own_nats: NatsServer) -> None:
    """Readers ignore a connection once a later one was seen, so its last messages must be there before."""
    source, earlier = Source(), written.writer(7)
    own_nats.kill()
    await until(lambda: not written.log.bus.is_connected)
    for body in source.bodies(GOP):
        earlier.write(body)
    later = written.writer(8, after=earlier)
    for body in source.bodies(GOP):
        later.write(body)
    await asyncio.to_thread(own_nats.start)
    assert await earlier.close("first", is_clean=False, timeout_s=20)
    assert await later.close("second", is_clean=True, timeout_s=20)
    batches = await written.batches()
    assert marks(batches) == list(range(2 * GOP))
    assert [batch.closed for batch in batches if batch.closed] == ["first", "second"]
    assert tasks() == set()
