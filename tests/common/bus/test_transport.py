"""The socket: lines for the greeting, then chunks; and an end that never waits for the peer."""

import asyncio
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlparse

import pytest
import uvloop

from services.common.bus.connection import connect
from services.common.bus.transport import DirectTransport
from tests.servers.nats import CONFIG, MAX_PAYLOAD, NatsServer

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
TLS = 'tls {{ cert_file: "{folder}/cert.pem", key_file: "{folder}/key.pem" }}\n'


class Peer:
    """The other end of the socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    connected = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.reader, peer.writer = reader, writer
        connected.set()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    transport = DirectTransport()
    await transport.connect(urlparse(f"nats://{host}:{port}"), 0, 2)
    await connected.wait()
    peer.transport = transport  # type: ignore[attr-defined]  # handed to the test along with its other end
    yield peer
    transport.close()
    await asyncio.wait_for(transport.wait_closed(), 10)
    peer.writer.close()
    server.close()
    await server.wait_closed()


def transport_of(peer: Peer) -> DirectTransport:
    found = getattr(peer, "transport")  # noqa: B009  set by the fixture
    assert isinstance(found, DirectTransport)
    return found


async def test_greeting_is_read_by_lines_and_the_rest_as_it_comes(peer: Peer) -> None:
    """What came behind the last line is not lost."""
    transport = transport_of(peer)
    peer.writer.write(b"INFO {}\r\nPO")
    assert await transport.readline() == b"INFO {}\r\n"
    peer.writer.write(b"NG\r\nearly")
    assert await transport.readline() == b"PONG\r\n"
    chunks: list[bytes] = []
    peer.writer.write(b" and late")
    peer.writer.close()
    reason = await asyncio.wait_for(transport.receive(chunks.append), 10)
    assert reason is None
    assert b"".join(chunks) == b"early and late"
    assert transport.at_eof()


async def test_peer_that_hangs_up_in_the_greeting_gives_an_empty_line(peer: Peer) -> None:
    """nats-py takes that for no server."""
    peer.writer.write(b"INF")
    peer.writer.close()
    assert await asyncio.wait_for(transport_of(peer).readline(), 10) == b""


async def test_greeting_without_end_is_cut_off(peer: Peer) -> None:
    """A stranger on the port cannot fill our memory."""
    peer.writer.write(bytes(3 << 20))
    assert await asyncio.wait_for(transport_of(peer).readline(), 10) == b""


async def test_error_of_the_sink_ends_the_connection(peer: Peer) -> None:
    """After bytes that cannot be understood nothing else is read."""

    def choke(_data: bytes) -> None:
        raise ValueError("not the protocol")

    peer.writer.write(b"x")
    reason = await asyncio.wait_for(transport_of(peer).receive(choke), 10)
    assert isinstance(reason, ValueError)


async def test_close_does_not_wait_for_a_peer_that_does_not_read(peer: Peer) -> None:
    """Megabytes unsent are thrown away."""
    transport = transport_of(peer)
    transport.write(bytes(32 << 20))
    assert transport.unsent_bytes > 0
    transport.close()
    await asyncio.wait_for(transport.wait_closed(), 10)
    await asyncio.wait_for(transport.drain(), 10)


class TlsNatsServer(NatsServer):
    """With a certificate of its own making."""

    def command(self) -> list[str]:
        command = super().command()
        openssl = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
        names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
        subprocess.run([*openssl.split(), *names], cwd=self.folder, check=True, capture_output=True)
        config = CONFIG.format(port=self.port, max_payload=MAX_PAYLOAD, store=self.folder / "jetstream")
        (self.folder / "nats.conf").write_text(config + TLS.format(folder=self.folder), encoding="utf-8")
        return command


@pytest.mark.connected
async def test_tls_carries_messages_of_any_size(tmp_path: Path) -> None:
    """The socket is upgraded in the middle of the greeting."""
    async with TlsNatsServer(tmp_path / "nats") as server:
        trust = ssl.create_default_context(cafile=str(server.folder / "cert.pem"))
        bus = await connect(server.url, name="test", tls=trust, deadline_s=10)
        heard: list[int] = []
        bus.add_tap("a", lambda _subject, _reply, _headers, payload: heard.append(len(payload)))
        for size in (0, 1, 70_000, 3_000_000):
            bus.publish("a", bytes(size))
        await bus.flush()
        await bus.close()
    assert heard == [0, 1, 70_000, 3_000_000]


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_write_on_a_connection_that_has_just_broken_is_dropped(new_loop: LoopFactory) -> None:
    """Between the break and the news of it nobody is to blame for writing; afterwards the end is told, and why."""

    async def write_on() -> Exception | None:
        async with hung_up() as transport:
            transport.write(b"PING\r\n")
            await asyncio.wait_for(transport.wait_closed(), 10)
            transport.writelines((b"PUB a 1\r\n", memoryview(b"x"), b"\r\n"))
            await asyncio.wait_for(transport.drain(), 10)
            assert (transport.at_eof(), transport.unsent_bytes) == (True, 0)
            return await asyncio.wait_for(transport.receive(lambda _: None), 10)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert isinstance(runner.run(write_on()), OSError | None)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_write_after_our_own_close_is_dropped(new_loop: LoopFactory) -> None:
    """The transport is closing before its end has been told: uvloop would raise there."""

    async def write_on() -> bool:
        async with hung_up() as transport:
            transport.close()
            assert not transport.at_eof()
            transport.write(b"PING\r\n")
            await asyncio.wait_for(transport.wait_closed(), 10)
            return transport.at_eof()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(write_on())


@asynccontextmanager
async def hung_up() -> AsyncIterator[DirectTransport]:
    """A transport whose peer, a plain socket, has reset the connection; nobody here has been told yet."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        transport = DirectTransport()
        await transport.connect(urlparse(f"nats://{host}:{port}"), 0, 2)
        accepted, _ = listener.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()
        yield transport
        transport.close()
        await asyncio.wait_for(transport.wait_closed(), 10)


async def test_connection_before_is_let_go_of_when_another_is_made(peer: Peer) -> None:
    """One whose greeting went wrong would stay open until it is collected."""
    transport, first, its_writer = transport_of(peer), peer.reader, peer.writer
    host, port = its_writer.get_extra_info("sockname")
    await transport.connect(urlparse(f"nats://{host}:{port}"), 0, 2)
    async with asyncio.timeout(10):
        with suppress(ConnectionResetError):
            assert await first.read() == b""
        its_writer.close()
        with suppress(ConnectionResetError):
            await its_writer.wait_closed()
