"""The encoder's trace in what is made of its media: in states, segments and facts, and in nothing that is hot."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from headwater.internal.v1.cmaf_pb2 import Source, State
from headwater.internal.v1.onair_pb2 import OnAir
from services.common import subjects
from services.common.bus.entry import Entry
from services.common.bus.facts import FactPublisher
from services.common.bus.log import Log
from services.common.bus.wire import encode_headers
from services.common.clock import SystemClock
from services.common.media.tick import TickAssembler
from services.common.tasks import cancel, spawn
from services.packager.broadcast import Broadcast, Surroundings
from services.packager.counts import Counts
from services.packager.program.settings import ProgramSettings
from services.packager.traces import Traces
from tests.packager.program import synthetic
from tests.packager.running import Stage, stage, until
from tests.servers.nats import NatsServer

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER = "1bf7651916cd43dd8448eb211c80319c"


def parent(trace: str) -> dict[str, str]:
    return {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}


def entry(headers: Mapping[str, str]) -> Entry:
    return Entry("media.0.primary.b", 1, 1, b"", encode_headers({"Nats-Msg-Id": "5-1", **headers}))


def state(instance: str) -> State:
    return State(source=Source(instance=instance))


def trace_of(headers: Mapping[str, str] | None) -> str | None:
    found = (headers or {}).get("traceparent")
    return None if found is None else found.split("-")[1]


def test_trace_is_that_of_the_instance_on_air() -> None:
    """It holds until that instance's next encoder brings its own; messages without one change nothing."""
    traces = Traces()
    traces.note("primary", entry(parent(TRACE)))
    traces.note("secondary", entry({}))
    traces.note("primary", entry({}))
    assert [trace_of(traces.of(state(name))) for name in ("primary", "secondary")] == [TRACE, None]

    traces.note("primary", entry(parent(OTHER)))

    assert trace_of(traces.of(state("primary"))) == OTHER


def test_heir_goes_on_with_the_trace_of_the_state() -> None:
    """The media that began it may have been purged long ago; where there was none there is none."""
    heir, other = Traces(), Traces()
    heir.inherit(state("primary"), parent(TRACE))
    other.inherit(state("primary"), {})

    assert trace_of(heir.of(state("primary"))) == TRACE
    assert other.of(state("primary")) is None


@asynccontextmanager
async def carried(live: Stage) -> AsyncIterator[Broadcast]:
    """The stage's broadcast as a packager carries it."""
    found = await live.onair.get(live.livestream)
    assert found is not None
    record = await live.playback.begin(live.livestream, OnAir.FromString(found.value))
    facts = FactPublisher(await live.spine.facts())
    around = Surroundings(live.onair, live.playback, facts, Counts(), SystemClock(), ProgramSettings(quiet_us=200_000))
    broadcast = Broadcast(record, on_air=found, media=live.media, cmaf=live.cmaf, around=around)
    running = spawn(broadcast.run(), name="broadcast")
    try:
        yield broadcast
    finally:
        await cancel(running)
        await facts.close()


async def in_log(log: Log, subject: str) -> list[Entry]:
    everything = range(1, (await log.usage()).last_sequence + 1)
    return [found for found in await log.get_many(everything) if found.subject == subject]


@pytest.mark.connected
async def test_all_that_a_connection_leads_to_is_one_trace(own_nats: NatsServer) -> None:
    """Each state and segment, also of an heir, carries the trace of the first message, and no other tick does."""
    async with stage(own_nats) as live:
        await live.go_on_air()
        source = synthetic.Source(tag="r", until_s=9)
        first, *rest = synthetic.log(synthetic.with_configs(source.units(), source.configs), connection=5)
        media = subjects.media(0, "primary", live.broadcast)
        await live.media.append(media, first.payload, headers=parent(TRACE))
        half = len(rest) // 2
        async with carried(live) as broadcast:
            await live.send(rest[:half])
            await until(lambda: has_segments(live, 1))
            begun = broadcast.program
            assert begun is not None
        async with carried(live) as heir:
            await live.send(rest[half:])
            await until(lambda: has_segments(live, 3))
            assert heir.program is not None
            assert heir.program.epoch > begun.epoch

        states: list[str | None] = []
        others: list[str | None] = []
        for found in await in_log(live.cmaf, subjects.ticks(0, live.broadcast)):
            tick = TickAssembler().feed(found.sequence, found.payload)
            assert tick is not None
            (states if tick.head.state.renditions else others).append(trace_of(found.headers))
        segments = [trace_of(each.headers) for each in await in_log(live.cmaf, segment_subject(live))]
        facts = await in_log(await live.spine.facts(), subjects.fact("source_changed", live.livestream))
    assert len(others) > len(states) > 2
    assert (set(states), set(segments)) == ({TRACE}, {TRACE})
    assert [trace_of(each.headers) for each in facts] == [TRACE]
    assert set(others) == {None}


def segment_subject(live: Stage) -> str:
    return subjects.segments(0, live.broadcast)


async def has_segments(live: Stage, count: int) -> bool:
    return len(await in_log(live.cmaf, segment_subject(live))) >= count
