"""Pulling: one message at a time, and an end to every wait."""

import asyncio

import pytest

from services.common.bus.connection import Bus
from services.common.bus.errors import Unavailable
from services.common.bus.log import Log
from services.common.bus.pull import Pull
from tests.common.bus.waiting import until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


async def make_durable(log: Log) -> None:
    config = {"durable_name": "d", "ack_policy": "explicit", "filter_subject": f"{log.stream}.>"}
    question = {"stream_name": log.stream, "config": config}
    await log.bus.api(f"CONSUMER.DURABLE.CREATE.{log.stream}.d", question)


async def test_message_is_taken_with_its_attempt(log: Log, name: str) -> None:
    """What is there comes at once, under its own subject."""
    await make_durable(log)
    await log.append(f"{name}.a", b"1")
    pull = Pull(log.bus, name, "d")
    taken = await asyncio.wait_for(pull.take(), 3)
    pull.close()
    assert taken is not None
    assert (taken.entry.subject, taken.entry.payload, taken.entry.sequence, taken.attempt) == (f"{name}.a", b"1", 1, 1)


async def test_missing_consumer_is_unavailable(log: Log, name: str) -> None:
    """Nobody answers for a durable that is not there, and that is said at once."""
    pull = Pull(log.bus, name, "nobody")
    with pytest.raises(Unavailable):
        await asyncio.wait_for(pull.take(), 3)
    pull.close()


async def test_return_of_the_server_ends_a_wait(own_log: Log, own_bus: Bus, own_nats: NatsServer) -> None:
    """The question died with the server; the next one is asked without waiting for its time to be up."""
    await make_durable(own_log)
    pull = Pull(own_bus, "T", "d")
    taking = asyncio.ensure_future(pull.take())  # noqa: TID251  awaited below
    await asyncio.sleep(0)
    own_nats.kill()
    await until(lambda: not own_bus.is_connected)
    await asyncio.to_thread(own_nats.start)
    assert await asyncio.wait_for(taking, 3) is None
    await own_log.append("T.a", b"1")
    assert await asyncio.wait_for(pull.take(), 3) is not None
    pull.close()
