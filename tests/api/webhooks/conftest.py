"""A NATS for each file of tests here, a receiver and a stage for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.api.webhooks.receiver import Receiver, receiving
from tests.api.webhooks.stage import Stage, staged
from tests.servers.nats import NatsServer


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
async def stage(nats: NatsServer) -> AsyncIterator[Stage]:
    async with staged(nats.url) as made:
        yield made
