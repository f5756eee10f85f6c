"""A connection and a stream of one's own on the session's nats-server."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.common.bus.connection import Bus, connect
from services.common.bus.log import Log
from services.common.bus.stream import StreamConfig, ensure_stream
from tests.servers.nats import NatsServer


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[Bus]:
    bus = await connect(nats_server.url, name="test")
    yield bus
    await bus.close()


@pytest.fixture
async def own_bus(own_nats: NatsServer) -> AsyncIterator[Bus]:
    """On a server that the test may kill."""
    bus = await connect(own_nats.url, name="test")
    yield bus
    await bus.close()


@pytest.fixture
def name() -> str:
    """A word nobody else uses on the shared server."""
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
async def log(bus: Bus, name: str) -> Log:
    """A stream of one's own; its subjects begin with the stream's name."""
    return await ensure_stream(bus, StreamConfig(name=name, subjects=(f"{name}.>",)))


@pytest.fixture
async def own_log(own_bus: Bus) -> Log:
    return await ensure_stream(own_bus, StreamConfig(name="T", subjects=("T.>",)))
