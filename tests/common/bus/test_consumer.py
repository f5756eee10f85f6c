"""Shared work: each message handled until it is dealt with, by one replica at a time, through kills of the server."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
from opentelemetry import trace

from services.common.bus.connection import Bus, connect
from services.common.bus.consumer import ConsumerConfig, Handler, Later, Reject, consume
from services.common.bus.entry import Entry
from services.common.bus.errors import Refused
from services.common.bus.log import Log
from services.common.bus.stream import StreamConfig, ensure_stream
from tests.common.bus.waiting import holds_more, until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


def config(stream: str, *, concurrency: int = 1, ack_wait_s: float = 1.0) -> ConsumerConfig:
    return ConsumerConfig(
        stream=stream,
        durable="worker",
        subjects=(f"{stream}.>",),
        concurrency=concurrency,
        ack_wait_s=ack_wait_s,
        retry_s=0.1,
    )


@asynccontextmanager
async def running(bus: Bus, config: ConsumerConfig, handler: Handler) -> AsyncIterator[None]:
    task = asyncio.ensure_future(consume(bus, config, handler))  # noqa: TID251  cancelled below
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_messages_are_handled_in_order_and_once(log: Log, name: str) -> None:
    """One worker, nothing failing: the log's order, subjects and headers as written."""
    seen: list[tuple[str, bytes, int]] = []

    async def handle(entry: Entry, attempt: int) -> None:
        seen.append((entry.subject, entry.payload, attempt))

    for n in range(20):
        await log.append(f"{name}.{n}", str(n).encode())
    async with running(log.bus, config(name), handle):
        await until(lambda: len(seen) >= 20)
    assert seen == [(f"{name}.{n}", str(n).encode(), 1) for n in range(20)]


async def test_failed_message_comes_again_and_then_rests(log: Log, name: str) -> None:
    """An error brings it again soon; success ends it, also for the next process."""
    attempts: list[int] = []

    async def handle(_entry: Entry, attempt: int) -> None:
        attempts.append(attempt)
        if attempt < 3:
            raise RuntimeError("not yet")

    await log.append(f"{name}.a", b"")
    async with running(log.bus, config(name), handle):
        await until(lambda: len(attempts) >= 3)
        await log.append(f"{name}.a", b"")
        await until(lambda: len(attempts) >= 6)
    assert attempts == [1, 2, 3, 1, 2, 3]


async def test_message_put_off_comes_again_without_complaint(
    log: Log, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a handler wants later comes later, and is no failure that a log tells of."""
    attempts: list[int] = []

    async def handle(_entry: Entry, attempt: int) -> None:
        attempts.append(attempt)
        if attempt < 3:
            raise Later(0.05)

    await log.append(f"{name}.a", b"")
    async with running(log.bus, config(name), handle):
        await until(lambda: len(attempts) >= 3)
    assert attempts == [1, 2, 3]
    assert "failed" not in "".join(capfd.readouterr())


async def test_rejected_message_is_not_brought_again(log: Log, name: str) -> None:
    """What can never be handled does not block what can."""
    seen: list[bytes] = []

    async def handle(entry: Entry, _attempt: int) -> None:
        seen.append(entry.payload)
        if entry.payload == b"bad":
            raise Reject("not ours")

    for payload in (b"bad", b"good"):
        await log.append(f"{name}.a", payload)
    async with running(log.bus, config(name, ack_wait_s=0.3), handle):
        await until(lambda: b"good" in seen)
        await log.append(f"{name}.a", b"later")
        await until(lambda: b"later" in seen)
    assert seen == [b"bad", b"good", b"later"]


async def test_long_work_is_not_given_to_another(log: Log, name: str) -> None:
    """A handler that takes several times the acknowledgement time keeps its message."""
    calls = Counter[str]()
    done = asyncio.Event()

    async def handle(entry: Entry, _attempt: int) -> None:
        calls[entry.subject] += 1
        await asyncio.sleep(1.5)  # five times ack_wait_s
        done.set()

    await log.append(f"{name}.a", b"")
    async with running(log.bus, config(name, concurrency=2, ack_wait_s=0.3), handle):
        await asyncio.wait_for(done.wait(), 10)
    assert calls == {f"{name}.a": 1}


async def test_dead_workers_message_goes_to_another(log: Log, name: str, nats_server: NatsServer) -> None:
    """A process that dies with a message in hand loses nothing."""
    held, seen = asyncio.Event(), list[int]()

    async def hold(_entry: Entry, _attempt: int) -> None:
        held.set()
        await asyncio.sleep(3600)

    async def handle(_entry: Entry, attempt: int) -> None:
        seen.append(attempt)

    await log.append(f"{name}.a", b"")
    dying = await connect(nats_server.url, name="dying")
    async with running(dying, config(name, ack_wait_s=0.3), hold):
        await asyncio.wait_for(held.wait(), 5)
        await dying.close()
        async with running(log.bus, config(name, ack_wait_s=0.3), handle):
            await until(lambda: bool(seen))
    assert seen == [2]


async def test_cancelled_workers_message_goes_to_another_at_once(log: Log, name: str) -> None:
    """A process that leaves in order gives back what it has in hand, long before its time is over."""
    began, handled = asyncio.Event(), asyncio.Event()

    async def hang(_entry: Entry, _attempt: int) -> None:
        began.set()
        await asyncio.Event().wait()

    async def handle(_entry: Entry, _attempt: int) -> None:
        handled.set()

    await log.append(f"{name}.a", b"")
    patient = config(name, ack_wait_s=120.0)
    async with running(log.bus, patient, hang):
        await asyncio.wait_for(began.wait(), 10)
    async with running(log.bus, patient, handle):
        await asyncio.wait_for(handled.wait(), 10)


async def test_replicas_share_the_work(log: Log, name: str) -> None:
    """Every message once, handled at the same time by as many as there are."""
    seen, together = Counter[bytes](), list[int]()
    busy = 0

    async def handle(entry: Entry, _attempt: int) -> None:
        nonlocal busy
        busy += 1
        together.append(busy)
        await asyncio.sleep(0.005)
        busy -= 1
        seen[entry.payload] += 1

    async with running(log.bus, config(name, concurrency=2), handle), running(log.bus, config(name), handle):
        for n in range(60):
            await log.append(f"{name}.a", str(n).encode())
        await until(lambda: len(seen) == 60)
    assert set(seen.values()) == {1}
    assert 1 < max(together) <= 3


async def test_work_goes_on_through_kills_of_the_server(own_log: Log, own_nats: NatsServer) -> None:
    """Three kills: every message is handled. Many come twice: the server writes acknowledgements to disk later."""
    seen = Counter[int]()

    async def handle(entry: Entry, _attempt: int) -> None:
        seen[int(entry.payload)] += 1

    for n in range(300):
        await own_log.append("T.a", str(n).encode())
    async with running(own_log.bus, config("T", concurrency=3), handle):
        for step in range(1, 4):
            await until(partial(holds_more, seen, 60 * step))
            own_nats.kill()
            await asyncio.to_thread(own_nats.start)
        await until(lambda: len(seen) == 300)
    assert set(seen) == set(range(300))


async def test_consumer_that_was_removed_is_made_again(log: Log, name: str) -> None:
    """A durable that an operator deleted does not leave its workers deaf."""
    seen: list[bytes] = []

    async def handle(entry: Entry, _attempt: int) -> None:
        seen.append(entry.payload)

    async with running(log.bus, config(name), handle):
        await log.append(f"{name}.a", b"1")
        await until(lambda: seen == [b"1"])
        await log.bus.api(f"CONSUMER.DELETE.{name}.worker")
        await log.append(f"{name}.a", b"2")
        await until(lambda: b"2" in seen)


async def test_stream_that_comes_later_is_waited_for(bus: Bus, name: str) -> None:
    """Programs may start in any order."""
    seen: list[bytes] = []

    async def handle(entry: Entry, _attempt: int) -> None:
        seen.append(entry.payload)

    async with running(bus, config(name), handle):
        log = await ensure_stream(bus, StreamConfig(name=name, subjects=(f"{name}.>",)))
        await log.append(f"{name}.a", b"1")
        await until(lambda: seen == [b"1"])


async def test_impossible_consumer_is_refused(log: Log, name: str) -> None:
    """A mistake in a program ends it with the server's words."""
    bad = ConsumerConfig(stream=name, durable="worker", subjects=(f"{name}.a", f"{name}.>"))

    async def handle(_entry: Entry, _attempt: int) -> None:
        return

    with pytest.raises(Refused):
        await asyncio.wait_for(consume(log.bus, bad, handle), 5)


async def test_handler_works_inside_the_writers_trace(log: Log, name: str) -> None:
    """The trace context of the headers is the current one while the handler runs."""
    traces: list[int] = []

    async def handle(_entry: Entry, _attempt: int) -> None:
        traces.append(trace.get_current_span().get_span_context().trace_id)

    parent = f"00-{0x1234:032x}-{0x56:016x}-01"
    await log.append(f"{name}.a", b"", headers={"traceparent": parent})
    async with running(log.bus, config(name), handle):
        await until(lambda: bool(traces))
    assert traces == [0x1234]
