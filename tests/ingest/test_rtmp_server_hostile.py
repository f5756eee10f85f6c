"""Strangers of every bad kind against an ingest that is a process of its own, while a good stream goes on."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.common.tasks import spawn
from services.ingest.rtmp.messages import Message, MessageType
from services.ingest.rtmp_connection import Connection
from tests.ingest.running import Child, Platform, child, ingest, platform, until
from tests.ingest.socket_encoder import SocketEncoder, encoder
from tests.ingest.test_rtmp_server import frames
from tests.servers.nats import NatsServer

pytestmark = [pytest.mark.connected, pytest.mark.timeout(180)]

SEED = 20_260_101
SPARE_MB = 24
"""What an allocator may keep of memory that was given back to it."""


@dataclass
class Footprint:
    """What a process holds."""

    descriptors: int
    resident_mb: float

    @classmethod
    def of(cls, process: Child) -> "Footprint":
        pid = process.process.pid
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        return cls(len(os.listdir(f"/proc/{pid}/fd")), pages * os.sysconf("SC_PAGE_SIZE") / 1e6)  # noqa: PTH208  counted


async def descriptors_return(process: Child, before: Footprint) -> None:
    await until(lambda: Footprint.of(process).descriptors <= before.descriptors)


@asynccontextmanager
async def good_stream(api: Platform, port: int) -> AsyncIterator[SocketEncoder]:
    """Thirty frames a second all the while; at the end every one of them is in the log, on one connection."""
    livestream = await api.create()
    is_over = asyncio.Event()

    async def send(sender: SocketEncoder) -> None:
        while not is_over.is_set():
            await sender.send_frames(1)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.033):
                    await is_over.wait()

    async with encoder(port, livestream.key) as sender:
        await sender.published()
        sending = spawn(send(sender), name="good stream")
        yield sender
        is_over.set()
        await sending
        await sender.unpublish()
        batches = await api.closed(await api.subject(livestream))
    assert frames(batches) == list(range(sender.frames))
    assert len({batch.connection for batch in batches}) == 1
    assert sender.frames > 10


def garbage(chance: random.Random, kind: int) -> bytes:
    """Silence, noise, half a handshake, or a handshake and then noise."""
    whole = b"\x03" + chance.randbytes(2 * 1536)
    return (
        b"",
        chance.randbytes(chance.randrange(1, 5000)),
        whole[: chance.randrange(1, 3000)],
        whole + noise(chance),
    )[kind]


def noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 4000))


async def knock(port: int, data: bytes, *, stays_s: float) -> None:
    """Connect, send, and stay for a while or until one is thrown out."""
    with suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(data)
            async with asyncio.timeout(stays_s):
                while await reader.read(65536):
                    pass
        finally:
            writer.transport.abort()


def fuzzed(chance: random.Random, stream_id: int) -> Message:
    """A message of any kind with a body that is wrong in some way; never one that says goodbye."""
    kind = chance.choice(
        [MessageType.AUDIO, MessageType.VIDEO, MessageType.DATA, MessageType.USER_CONTROL, 22, 3, 5, 7]
    )
    body = bytearray(chance.randbytes(chance.randrange(0, 600)))
    heads: dict[int, bytes] = {
        MessageType.VIDEO: b"\x17\x01\x00\x00\x00",
        MessageType.AUDIO: b"\xaf\x01",
        MessageType.DATA: b"\x02\x00\x0a",
    }
    head = heads.get(kind, b"")
    if chance.random() < 0.7:
        body[: len(head)] = head
    return Message(kind, stream_id, chance.randrange(1 << 32), bytes(body))


async def test_five_hundred_bad_connections_harm_nobody(nats_server: NatsServer, tmp_path: Path) -> None:
    """Garbage, truncated and silent ones: a good stream loses no frame, and all they held is given back."""
    chance = random.Random(SEED)
    async with platform(nats_server) as api, child(nats_server, tmp_path, MAX_PER_ADDRESS="1000") as process:
        await asyncio.gather(*[knock(process.port, garbage(chance, at % 4), stays_s=0.5) for at in range(50)])
        await until(lambda: Footprint.of(process).descriptors > 0)
        before = Footprint.of(process)
        async with good_stream(api, process.port):
            await asyncio.gather(*[knock(process.port, garbage(chance, at % 4), stays_s=4) for at in range(500)])
        await descriptors_return(process, before)
        assert Footprint.of(process).resident_mb < before.resident_mb + SPARE_MB
        assert "Traceback" not in process.lines()
        assert "stranger cut off" in process.lines()


async def test_ten_thousand_fuzzed_messages_harm_nobody(nats_server: NatsServer, tmp_path: Path) -> None:
    """From publishers with good keys: who breaks the protocol goes, and a good stream loses no frame."""
    chance = random.Random(SEED)
    left = 10_000
    async with platform(nats_server) as api, child(nats_server, tmp_path) as process:
        before = Footprint.of(process)
        async with good_stream(api, process.port):
            livestream = await api.create()
            while left > 0:
                async with encoder(process.port, livestream.key) as sender:
                    await sender.published()
                    await sender.send_frames(2)
                    for _ in range(chance.randrange(1, 60)):
                        left -= 1
                        sender.publisher.send(fuzzed(chance, sender.publisher.stream_id), chance.randrange(2, 70))
                    await sender.flush()
        await descriptors_return(process, before)
        assert Footprint.of(process).resident_mb < before.resident_mb + SPARE_MB
        assert "Traceback" not in process.lines()


async def test_a_thousand_reconnects_leave_nothing(nats_server: NatsServer, tmp_path: Path) -> None:
    """Connected, published and reset: descriptors, connections and memory return to what they were."""
    async with platform(nats_server) as api, child(nats_server, tmp_path) as process:
        livestreams = [await api.create() for _ in range(10)]

        async def storm(key: str, times: int) -> None:
            for _ in range(times):
                async with encoder(process.port, key) as sender:
                    await sender.published()
                    await sender.send_frames(3)
                    sender.abort()

        await asyncio.gather(*[storm(livestream.key, 10) for livestream in livestreams])
        before = Footprint.of(process)
        async with good_stream(api, process.port):
            await asyncio.gather(*[storm(livestream.key, 100) for livestream in livestreams])
        await descriptors_return(process, before)
        assert Footprint.of(process).resident_mb < before.resident_mb + SPARE_MB
        assert "Traceback" not in process.lines()


async def test_reconnect_storm_leaves_no_task(nats_server: NatsServer) -> None:
    """Neither of an admission, nor of an ending, nor of a writer."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
        await until(lambda: not edge.server.connections)
        before = len(asyncio.all_tasks())
        for _ in range(50):
            async with encoder(edge.port, livestream.key) as sender:
                await sender.published()
                sender.abort()
        await until(lambda: not edge.server.connections and len(asyncio.all_tasks()) <= before)
        assert edge.server.edge.writers == {}


async def test_address_that_shows_no_key_has_so_many_connections(nats_server: NatsServer) -> None:
    """Who has shown a key does not count, and room is there again when strangers go."""
    async with platform(nats_server) as api, ingest(nats_server, MAX_PER_ADDRESS="3") as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            strangers = [asyncio.open_connection("127.0.0.1", edge.port) for _ in range(3)]
            opened = [await stranger for stranger in strangers]
            await until(lambda: edge.server.connections == 4)
            reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
            async with asyncio.timeout(10):
                with suppress(ConnectionError):
                    assert await reader.read() == b""
            writer.close()
            assert edge.server.connections == 4
            for _, other in opened:
                other.transport.abort()
            await until(lambda: edge.server.connections == 1)
            async with encoder(edge.port, livestream.keys["secondary"]) as second:
                await second.published()


async def test_there_are_so_many_connections_at_all(nats_server: NatsServer) -> None:
    """One more is closed at once."""
    async with ingest(nats_server, MAX_CONNECTIONS="2") as edge:
        opened = [await asyncio.open_connection("127.0.0.1", edge.port) for _ in range(2)]
        await until(lambda: edge.server.connections == 2)
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        async with asyncio.timeout(10):
            with suppress(ConnectionError):
                assert await reader.read() == b""
        for _, other in (*opened, (reader, writer)):
            other.transport.abort()
        await until(lambda: edge.server.connections == 0)


async def test_encoder_that_never_reads_is_cut_off(nats_server: NatsServer) -> None:
    """It provokes answers until they fill every buffer between us; ours is bounded."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            await sender.stop_reading()
            for _ in range(5000):
                for _ in range(100):
                    sender.publisher.send_command("play", 9.0, None, "x" * 100)
                await sender.flush()
                await asyncio.sleep(0)
                if not edge.server.connections:
                    break
            gone = await api.fact(livestream, "encoder_disconnected")
            assert gone.encoder_disconnected.reason in {
                "the encoder does not read what it is told",
                "the encoder provokes answers and does not read them",  # where one read brought very many questions
            }
            await until(lambda: edge.server.connections == 0)


async def test_closed_connection_that_does_not_let_go_is_cut(
    nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has some seconds to read its last words."""
    monkeypatch.setattr("services.ingest.rtmp_connection.LINGER_S", 0.2)
    async with ingest(nats_server) as edge, encoder(edge.port, "wrong") as sender:
        assert (await sender.refused())["level"] == "error"
        await until(lambda: edge.server.connections == 0)


async def test_process_that_stood_still_reads_before_it_calls_anybody_late(nats_server: NatsServer) -> None:
    """An encoder is not idle because we were."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            await sender.send_frames(2)
            (connection,) = edge.server._publishing
            await until(lambda: connection._session.media.video_units == 2)
            late = edge.server.clock.monotonic() + 60
            edge.server._sweep(late)
            assert not sender.is_closed.is_set()
            assert edge.server.connections == 1
            edge.server._sweep(late + 0.6)
            assert "no media came" in str((await sender.refused())["description"])


async def test_fault_of_ours_in_one_encoders_bytes_is_not_the_others(
    nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has met it is cut off; all others are read on."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        first, second = await api.create(), await api.create()
        async with encoder(edge.port, first.key) as unlucky, encoder(edge.port, second.key) as other:
            for sender in (unlucky, other):
                await sender.published()
            met = next(each for each in edge.server._publishing if _livestream_of(each) == first.id)
            monkeypatch.setattr(met._session, "receive_data", _raise)
            await unlucky.send_frames(2)
            await until(lambda: edge.server.connections == 1)
            await other.send_frames(100)
            await other.unpublish()
            batches = await api.closed(await api.subject(second))
        assert frames(batches) == list(range(100))


def _livestream_of(connection: Connection) -> str:
    return connection.encoder.key.livestream_id if connection.encoder is not None else ""


def _raise(*_: object) -> None:
    raise ZeroDivisionError
