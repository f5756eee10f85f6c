"""Receivers that mean harm: real sockets, the machine's own way of resolving names, deliveries on real NATS."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from headwater.internal.v1.webhooks_pb2 import DeliveryRecord
from headwater.v1.webhooks_pb2 import Delivery
from services.api.webhooks.dispatcher import Dispatcher
from services.api.webhooks.schedule import finish, order
from services.common.clock import SystemClock
from services.common.http_post import post
from services.common.target_address import Target
from services.common.tasks import cancel, spawn
from tests.api.webhooks.receiver import Receiver, receiving
from tests.api.webhooks.stage import Stage
from tests.api.webhooks.test_courier import _pinged

DEAD = 100


@pytest.mark.connected
async def test_address_that_was_checked_is_the_one_connected_to(
    stage: Stage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that says something else each time is asked once for each attempt, and only then."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def ask(host: str, port: int, *rest: object, **more: object) -> object:
        if host != "rebind.example.org":
            return real(host, port, *rest, **more)  # type: ignore[arg-type]
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.9", port, type=socket.SOCK_STREAM)

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    port = receiver.url.rpartition(":")[2]
    _, key = await _pinged(stage, f"http://rebind.example.org:{port}/in")

    assert await stage.work() == 1

    (heard,) = receiver.of("/in")
    record = stage.own.deliveries.peek(key)
    assert record is not None
    assert record.record.state == Delivery.DELIVERED
    assert (asked, heard.headers["host"]) == (["rebind.example.org"], f"rebind.example.org:{port}")


@asynccontextmanager
async def accepting() -> AsyncIterator[int]:
    """Takes every connection and never answers; its port."""

    async def stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass
        writer.close()

    server = await asyncio.start_server(stay, "127.0.0.1", 0, backlog=256)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_hundred_receivers_that_never_answer_keep_no_other_waiting() -> None:
    """All of one tenant, with several deliveries each: what comes after them is delivered while they hang."""
    dispatcher, delivered = Dispatcher(SystemClock()), asyncio.Event()

    def planned(webhook: str, name: str) -> DeliveryRecord:
        record = DeliveryRecord(id=name, webhook_id=webhook, tenant_id="acme")
        order(record, 0)
        return record

    async with accepting() as dead_port:
        with receiving() as receiver:
            alive_port = int(receiver.url.rpartition(":")[2])

            async def attempt(key: str) -> None:
                port = alive_port if key == "alive" else dead_port
                target = Target("http", "hooks.example.org", port, "/")
                await post(target, ["127.0.0.1"], {}, b"{}", timeout_s=60)
                done = planned("alive", key)
                finish(done, Delivery.DELIVERED)
                dispatcher.notice(key, done)
                delivered.set()

            for number in range(DEAD):
                for again in range(3):
                    key = f"dead {number}.{again}"
                    dispatcher.notice(key, planned(f"dead {number}", key))
            running = spawn(dispatcher.run(attempt), name="dispatcher")
            async with asyncio.timeout(20):
                while dispatcher.agenda.under_way < DEAD:  # noqa: ASYNC110  the agenda has no event for it
                    await asyncio.sleep(0.01)
                dispatcher.notice("alive", planned("alive", "alive"))
                await delivered.wait()
            assert dispatcher.agenda.under_way >= DEAD
            await cancel(running)

    assert len(receiver.heard) == 1
