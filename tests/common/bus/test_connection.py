"""The connection: it outlives its server, tells everybody at once, and gives up only when it was never there."""

import asyncio
from pathlib import Path

import pytest

from services.common.bus.connection import Bus, connect
from services.common.bus.errors import TooLarge, Unavailable
from tests.common.bus.waiting import until
from tests.servers.nats import NatsServer
from tests.servers.ports import free_ports

pytestmark = pytest.mark.connected


async def test_no_server_within_the_deadline_is_unavailable() -> None:
    """A wrong address is said to be one, not waited for."""
    (port,) = free_ports(1)
    with pytest.raises(Unavailable, match="no NATS server"):
        await connect(f"nats://127.0.0.1:{port}", name="test", deadline_s=0.4)


async def test_server_that_starts_later_is_waited_for(tmp_path: Path) -> None:
    """Programs may start in any order."""
    (port,) = free_ports(1)
    server = NatsServer(tmp_path / "nats", port)
    dialling = asyncio.ensure_future(connect(f"nats://127.0.0.1:{port}", name="test"))  # noqa: TID251  awaited below
    async with server:
        bus = await dialling
        assert bus.is_connected
        assert bus.max_payload == 8 * 1024 * 1024
        await bus.close()


async def test_kill_and_restart_are_told_and_survived(own_nats: NatsServer) -> None:
    """Listeners hear of the loss at once and of the return when requests work again."""
    changes: list[bool] = []
    bus = await connect(own_nats.url, name="test", on_change=changes.append)
    returns: list[bool] = []
    end = bus.add_reconnect_listener(lambda: returns.append(bus.is_connected))
    for _ in range(2):
        own_nats.kill()
        await until(lambda: not bus.is_connected)
        with pytest.raises(Unavailable):
            bus.publish("a", b"")
        await asyncio.to_thread(own_nats.start)
        await asyncio.wait_for(bus.wait_connected(), 10)
        assert (await bus.api("INFO"))["streams"] == 0
    end()
    assert changes == [True, False, True, False, True]
    assert returns == [True, True]
    await bus.close()
    assert not bus.is_connected


async def test_request_under_way_fails_when_the_server_dies(own_bus: Bus, own_nats: NatsServer) -> None:
    """It does not wait for its deadline: the answer cannot come any more."""
    own_nats.pause()
    future = own_bus.ask("$JS.API.INFO", b"", decode=lambda reply: reply.payload, timeout_s=3600)
    own_nats.kill()
    with pytest.raises(Unavailable, match="broke"):
        await asyncio.wait_for(future, 10)


async def test_nothing_is_sent_behind_the_callers_back(own_bus: Bus, own_nats: NatsServer) -> None:
    """What was handed over before the connection broke is not sent after it is back."""
    heard: list[bytes] = []
    own_bus.add_tap("said", lambda _subject, _reply, _headers, payload: heard.append(payload))
    own_nats.pause()
    own_bus.publish("said", b"before")
    own_nats.kill()
    own_bus.publish("said", b"still unaware")
    await until(lambda: not own_bus.is_connected)
    await asyncio.to_thread(own_nats.start)
    await asyncio.wait_for(own_bus.wait_connected(), 10)
    own_bus.publish("said", b"after")
    await until(lambda: bool(heard))
    assert heard == [b"after"]


async def test_frozen_server_is_left_with_bytes_unsent(own_bus: Bus, own_nats: NatsServer) -> None:
    """A server that reads no more (SIGSTOP) is given up by unanswered pings, full buffers or not, and found again."""
    own_nats.pause()
    for _ in range(20):
        own_bus.publish("a", bytes(1 << 20))
    await until(lambda: not own_bus.is_connected, timeout_s=20)
    own_nats.resume()
    await asyncio.wait_for(own_bus.wait_connected(), 10)
    await own_bus.flush()


async def test_tap_hears_what_is_said_until_it_is_removed(bus: Bus, name: str) -> None:
    """Subject, reply, raw headers and payload arrive as bytes."""
    heard: list[tuple[bytes, bytes, bytes, bytes]] = []
    tap = bus.add_tap(f"{name}.*", lambda *message: heard.append(message))
    bus.publish(f"{name}.a", b"1", headers=b"NATS/1.0\r\nA: b\r\n\r\n", reply="back")
    await bus.flush()
    bus.remove_tap(tap)
    bus.publish(f"{name}.a", b"2")
    await bus.flush()
    assert heard == [(f"{name}.a".encode(), b"back", b"NATS/1.0\r\nA: b\r\n\r\n", b"1")]


async def test_line_break_in_a_subject_never_reaches_the_wire(bus: Bus) -> None:
    """A subject from outside cannot become a command."""
    with pytest.raises(ValueError, match="not a subject"):
        bus.publish("a 0\r\n\r\nPUB b", b"")
    with pytest.raises(TooLarge):
        bus.publish("a", bytes(bus.max_payload + 1))
    await bus.flush()
    assert bus.is_connected
