"""Readers: every entry once and in order, through kills of the server, holes, slow readers and lost logs."""

import asyncio
import random
import shutil
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from services.common.bus.connection import Bus
from services.common.bus.errors import Refused
from services.common.bus.log import Log
from services.common.bus.reader import Reader
from services.common.bus.splitter import Message
from services.common.bus.stream import StreamConfig, ensure_stream
from tests.common.bus.numbered import number_of, write_numbers
from tests.common.bus.waiting import holds_more, until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


async def test_reader_starts_where_it_is_told_and_follows(log: Log, name: str) -> None:
    """What is there comes first, then what is written, from the given sequence on."""
    for n in range(5):
        await log.append(f"{name}.a", str(n).encode())
    async with log.read([f"{name}.a"], from_sequence=3) as reader:
        assert [(await anext(reader)).payload for _ in range(3)] == [b"2", b"3", b"4"]
        waiting = asyncio.ensure_future(anext(reader))  # noqa: TID251  awaited below
        await asyncio.sleep(0)
        await log.append(f"{name}.a", b"5")
        entry = await asyncio.wait_for(waiting, 5)
        assert (entry.payload, entry.sequence) == (b"5", 6)


async def test_reader_takes_only_its_subjects(log: Log, name: str) -> None:
    """Several filters are one order: that of the log."""
    for subject in ("a", "b", "c", "a.x", "b"):
        await log.append(f"{name}.{subject}", subject.encode())
    async with log.read([f"{name}.a", f"{name}.b"], from_sequence=1) as reader:
        assert [(await anext(reader)).sequence for _ in range(3)] == [1, 2, 5]


async def test_reader_skips_what_was_removed(log: Log, name: str) -> None:
    """A purge leaves no hole to wait for."""
    for n in range(10):
        await log.append(f"{name}.{n % 2}", b"")
    await log.purge(f"{name}.0", before=8)
    async with log.read([f"{name}.>"], from_sequence=1) as reader:
        assert [(await anext(reader)).sequence for _ in range(6)] == [2, 4, 6, 8, 9, 10]


async def test_reader_knows_when_it_has_caught_up(log: Log, name: str) -> None:
    """With an empty log at once, else with the last of what was there."""
    await log.append(f"{name}.a", b"1")
    await log.append(f"{name}.a", b"2")
    async with log.read([f"{name}.a"], from_sequence=1) as reader:
        await anext(reader)
        assert not reader.is_caught_up
        await anext(reader)
        waiting = asyncio.ensure_future(anext(reader))  # noqa: TID251  ends below
        await until(lambda: reader.is_caught_up)
        await log.append(f"{name}.a", b"3")
        await waiting


async def test_closed_reader_ends_its_loop(log: Log, name: str) -> None:
    """Whoever waits in it is let go."""
    reader = log.read([f"{name}.a"], from_sequence=1)

    async def read_all() -> list[int]:
        return [entry.sequence async for entry in reader]

    reading = asyncio.ensure_future(read_all())  # noqa: TID251  awaited below
    await log.append(f"{name}.a", b"1")
    await asyncio.sleep(0)
    await reader.aclose()
    assert await asyncio.wait_for(reading, 5) in ([], [1])
    await reader.aclose()


@pytest.mark.alone  # told from the server's own forgetting by time: 3 s against 5 s
async def test_closed_reader_is_forgotten_by_the_server(log: Log, name: str, bus: Bus) -> None:
    """No consumer stays behind to be fed."""
    await log.append(f"{name}.a", b"1")
    async with log.read([f"{name}.a"], from_sequence=1) as reader:
        await anext(reader)
        assert await count_consumers(bus, name) == 1
    async with asyncio.timeout(3):  # the server forgets idle readers by itself only after 5 s
        while await count_consumers(bus, name):
            await bus.flush()


async def count_consumers(bus: Bus, stream: str) -> int:
    return int((await bus.api(f"STREAM.INFO.{stream}"))["state"]["consumer_count"])


async def test_impossible_filter_is_refused(log: Log, name: str) -> None:
    """A mistake in a program is an error there, not an endless wait."""
    async with log.read([f"{name}.a", f"{name}.>"], from_sequence=1) as reader:
        with pytest.raises(Refused):
            await asyncio.wait_for(anext(reader), 5)


async def test_reader_waits_for_a_stream_that_comes_later(bus: Bus, name: str) -> None:
    """Programs may start in any order."""
    async with Log(bus, name).read([f"{name}.a"], from_sequence=1) as reader:
        waiting = asyncio.ensure_future(anext(reader))  # noqa: TID251  awaited below
        await asyncio.sleep(0)
        log = await ensure_stream(bus, StreamConfig(name=name, subjects=(f"{name}.>",)))
        await log.append(f"{name}.a", b"1")
        assert (await asyncio.wait_for(waiting, 10)).payload == b"1"


def _lose(reader: Reader, is_lost: Callable[[bytes], bool]) -> None:
    """The network's part is played here: what comes, alone or with others, passes `is_lost` one by one."""
    feed = reader._feed
    hear = feed._hear

    def lossy(subject: bytes, reply: bytes, headers: bytes, payload: bytes) -> None:
        if not is_lost(payload):
            hear(subject, reply, headers, payload)

    def lossy_run(messages: Sequence[Message]) -> None:
        for _, *message in messages:
            lossy(*message)

    feed._hear = lossy  # type: ignore[method-assign]
    feed._hear_run = lossy_run  # type: ignore[method-assign]


async def test_lost_delivery_is_asked_for_again(log: Log, name: str, bus: Bus) -> None:
    """A hole in what the server sends is noticed and filled, in order and without doubles."""
    dropped = [4, 5, 9]
    async with log.read([f"{name}.a"], from_sequence=1) as reader:

        def is_lost(payload: bytes) -> bool:
            if dropped and payload == str(dropped[0]).encode():
                dropped.pop(0)
                return True
            return False

        _lose(reader, is_lost)
        for n in range(1, 13):
            await log.append(f"{name}.a", str(n).encode())
        async with asyncio.timeout(20):
            got = [int((await anext(reader)).payload) for _ in range(12)]
    assert got == list(range(1, 13))
    assert not dropped


async def test_delivery_lost_among_many_that_came_together_is_asked_for_again(log: Log, name: str) -> None:
    """What came after the hole is not taken with the rest."""
    async with log.read([f"{name}.a"], from_sequence=1) as reader:
        feed = reader._feed
        hear_run, lost = feed._hear_run, list[Message]()

        def lossy(messages: Sequence[Message]) -> None:
            if not lost:
                lost.append(messages[1])
                messages = [messages[0], *messages[2:]]
            hear_run(messages)

        feed._hear_run = lossy  # type: ignore[method-assign]  # as in `_lose`
        await asyncio.gather(*(log.append(f"{name}.a", str(n).encode()) for n in range(500)))
        async with asyncio.timeout(20):
            got = [(await anext(reader)).sequence for _ in range(500)]
    assert got == list(range(1, 501))
    assert lost


async def test_unreadable_subject_among_many_that_came_together_costs_that_entry_alone(log: Log, name: str) -> None:
    """What came after it is read."""
    async with log.read([f"{name}.a"], from_sequence=1) as reader:
        feed = reader._feed
        hear_run, spoilt = feed._hear_run, list[int]()

        def spoiling(messages: Sequence[Message]) -> None:
            if not spoilt and len(messages) > 10:
                sid, _, *rest = messages[1]
                spoilt.append(feed._count + 2)
                messages = [messages[0], (sid, b"\xff", rest[0], rest[1], rest[2]), *messages[2:]]
            hear_run(messages)

        feed._hear_run = spoiling  # type: ignore[method-assign]  # as in `_lose`
        await asyncio.gather(*(log.append(f"{name}.a", str(n).encode()) for n in range(500)))
        async with asyncio.timeout(20):
            got = [(await anext(reader)).sequence for _ in range(499)]
    assert len(spoilt) == 1
    assert got == [n for n in range(1, 501) if n not in spoilt]


async def test_last_delivery_lost_is_found_by_the_heartbeat(log: Log, name: str) -> None:
    """When nothing follows the lost message, the server's heartbeat tells."""
    lost: list[bytes] = []
    async with log.read([f"{name}.a"], from_sequence=1) as reader:

        def is_lost(payload: bytes) -> bool:
            if payload == b"last" and not lost:
                lost.append(payload)
                return True
            return False

        _lose(reader, is_lost)
        await log.append(f"{name}.a", b"first")
        await anext(reader)
        await log.append(f"{name}.a", b"last")
        assert (await asyncio.wait_for(anext(reader), 10)).payload == b"last"
    assert lost


async def test_slow_reader_holds_a_bounded_part_of_a_long_log(log: Log, name: str, bus: Bus) -> None:
    """Flow control keeps the rest on the server's disk, and all of it comes in the end."""
    size, count = 1 << 20, 80
    for n in range(count):
        await log.append(f"{name}.a", n.to_bytes(8, "big") + bytes(size))
    async with log.read([f"{name}.a"], from_sequence=1) as reader:
        most = 0
        for n in range(count):
            entry = await asyncio.wait_for(anext(reader), 10)
            assert number_of(entry.payload) == n
            await bus.flush()  # gives the server every chance to send more
            most = max(most, len(reader._feed._items))
        assert most < 40


async def test_kills_in_the_middle_of_reading_and_writing_lose_and_double_nothing(
    own_log: Log, own_nats: NatsServer
) -> None:
    """kill -9 of the server, again and again at full rate: the log reads n = 1..N in order, live and from the start."""
    count, seen = 6000, list[int]()
    sequences: list[int] = []
    rng = random.Random(3)
    async with own_log.read(["T.a"], from_sequence=1) as reader:

        async def read() -> None:
            while len(seen) < count:
                entry = await anext(reader)
                seen.append(number_of(entry.payload))
                sequences.append(entry.sequence)

        async def kill() -> None:
            for step in range(1, 5):
                await until(partial(holds_more, seen, step * count // 6 + rng.randrange(200)))
                own_nats.kill()
                await asyncio.to_thread(own_nats.start)

        async with asyncio.timeout(50), asyncio.TaskGroup() as group:
            group.create_task(write_numbers(own_log, "T.a", count))
            group.create_task(read())
            group.create_task(kill())
    assert seen == list(range(1, count + 1))
    assert sequences == sorted(set(sequences))
    async with own_log.read(["T.a"], from_sequence=1) as reader:
        assert [number_of((await anext(reader)).payload) for _ in range(count)] == seen


async def test_waiting_reader_goes_on_after_a_restart(own_log: Log, own_nats: NatsServer) -> None:
    """Silence before the kill and after it: the first message written afterwards arrives."""
    await own_log.append("T.a", b"1")
    async with own_log.read(["T.a"], from_sequence=1) as reader:
        await anext(reader)
        own_nats.kill()
        await until(lambda: not own_log.bus.is_connected)
        await asyncio.to_thread(own_nats.start)
        await asyncio.wait_for(own_log.bus.wait_connected(), 10)
        await own_log.append("T.a", b"2")
        assert (await asyncio.wait_for(anext(reader), 10)).payload == b"2"


async def test_log_that_was_lost_is_read_from_its_new_beginning(
    own_log: Log, own_nats: NatsServer, own_bus: Bus
) -> None:
    """A server that comes back with an empty disk counts from 1 again; the reader does not wait for the old number."""
    for n in range(5):
        await own_log.append("T.a", str(n).encode())
    async with own_log.read(["T.a"], from_sequence=1) as reader:
        for _ in range(5):
            await anext(reader)
        own_nats.kill()
        shutil.rmtree(own_nats.folder / "jetstream")
        await until(lambda: not own_bus.is_connected)
        await asyncio.to_thread(own_nats.start)
        await asyncio.wait_for(own_bus.wait_connected(), 10)
        log = await ensure_stream(own_bus, StreamConfig(name="T", subjects=("T.>",)))
        await log.append("T.a", b"new")
        entry = await asyncio.wait_for(anext(reader), 10)
        assert (entry.payload, entry.sequence) == (b"new", 1)
