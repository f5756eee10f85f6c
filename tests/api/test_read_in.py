"""The start: what answers need is read first."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from headwater.internal.v1.records_pb2 import MediaRecord
from services.api.catalogs import catalogs_of
from services.api.kv_repository import KvRepository
from services.api.read_in import ReadIn
from services.api.records import open_records
from services.common.bus.bucket import open_bucket
from services.common.bus.connection import Bus, connect
from services.common.clock import SystemClock
from services.common.errors import AppError
from services.common.ids import new_id
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from services.common.tasks import cancel, spawn
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    bus = await connect(nats.url, name="test")
    yield bus
    await bus.close()


async def test_ready_is_who_has_read_the_first_and_rest_follows(bus: Bus) -> None:
    """The later ones are not even begun before, and garbage is looked for again once all is read."""
    first, later = [KvRepository(await open_bucket(bus, f"test-{new_id()}"), MediaRecord) for _ in range(2)]
    records = await open_records(Spine(bus, ServiceSettings()), noticed=lambda _key: None)
    read_in = ReadIn([first], [later], catalogs_of(records, SystemClock()))
    began = asyncio.Event()

    async def follow_later() -> None:
        began.set()
        await later.follow()

    running = spawn(read_in.run(), name="reading in")
    second = spawn(read_in.after_first(follow_later), name="later")
    with pytest.raises(AppError):
        await read_in.check()
    assert not began.is_set()

    following = spawn(first.follow(), name="first")
    async with asyncio.timeout(10):
        await running
    await read_in.check()
    assert later.is_complete.is_set()
    assert gc.isenabled()
    await cancel(second)
    await cancel(following)
