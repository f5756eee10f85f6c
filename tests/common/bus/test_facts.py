"""Facts: said once, in order, and kept while NATS is away as far as the bound goes."""

import asyncio

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from services.common.bus.connection import Bus
from services.common.bus.facts import FactPublisher
from services.common.bus.log import Log
from tests.common.bus.waiting import until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


async def payloads(log: Log, subject: str, count: int) -> list[bytes]:
    async with asyncio.timeout(10), log.read([subject], from_sequence=1) as reader:
        return [(await anext(reader)).payload for _ in range(count)]


async def test_facts_are_written_in_order_and_once(log: Log, name: str) -> None:
    """A fact said again under its id is not written again."""
    facts = FactPublisher(log)
    for n in (1, 2, 2, 3, 1):
        facts.publish(f"{name}.a", str(n).encode(), f"id-{n}")
    await facts.close()
    assert await payloads(log, f"{name}.a", 3) == [b"1", b"2", b"3"]
    assert (await log.usage()).last_sequence == 3
    assert facts.dropped == 0


async def test_trace_context_rides_along(log: Log, name: str) -> None:
    """The span in which a fact was said is in its headers (W3C traceparent)."""
    facts = FactPublisher(log)
    span = NonRecordingSpan(SpanContext(0x1234, 0x56, is_remote=False, trace_flags=TraceFlags(1)))
    with trace.use_span(span):
        facts.publish(f"{name}.a", b"1", "1")
    await facts.close()
    entry = await log.last(f"{name}.a")
    assert entry is not None
    assert entry.headers["traceparent"] == f"00-{0x1234:032x}-{0x56:016x}-01"


async def test_facts_said_while_nats_is_away_come_later(own_log: Log, own_nats: NatsServer) -> None:
    """In order, after a kill in the middle."""
    facts = FactPublisher(own_log)
    for n in range(50):
        facts.publish("T.a", str(n).encode(), str(n))
    own_nats.kill()
    for n in range(50, 100):
        facts.publish("T.a", str(n).encode(), str(n))
    await asyncio.to_thread(own_nats.start)
    assert await payloads_after_return(own_log) == [str(n).encode() for n in range(100)]
    await facts.close()
    assert facts.dropped == 0


async def payloads_after_return(log: Log) -> list[bytes]:
    await until(lambda: log.bus.is_connected)
    return await payloads(log, "T.a", 100)


async def test_oldest_facts_go_when_too_many_wait(own_bus: Bus, own_log: Log, own_nats: NatsServer) -> None:
    """The bound holds, the newest stay, and the loss is counted."""
    facts = FactPublisher(own_log, limit=3)
    own_nats.kill()
    await until(lambda: not own_bus.is_connected)
    for n in range(10):
        facts.publish("T.a", str(n).encode(), str(n))
    assert facts.dropped == 7
    await asyncio.to_thread(own_nats.start)
    assert await payloads(own_log, "T.a", 3) == [b"7", b"8", b"9"]
    await facts.close()


async def test_close_without_nats_says_what_is_left(own_bus: Bus, own_log: Log, own_nats: NatsServer) -> None:
    """It does not wait longer than it may."""
    facts = FactPublisher(own_log)
    own_nats.kill()
    await until(lambda: not own_bus.is_connected)
    facts.publish("T.a", b"1", "1")
    await facts.close(timeout_s=0.2)
    assert facts.dropped == 1


async def test_fact_that_is_refused_does_not_stop_the_others(log: Log, name: str, bus: Bus) -> None:
    """One that is too large is given up and counted."""
    facts = FactPublisher(log)
    facts.publish(f"{name}.a", bytes(bus.max_payload + 1), "1")
    facts.publish(f"{name}.a", b"2", "2")
    await facts.close()
    assert await payloads(log, f"{name}.a", 1) == [b"2"]
    assert facts.dropped == 1
