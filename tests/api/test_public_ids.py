"""Public ids of recordings: one holder each, whatever was killed."""

from collections.abc import AsyncIterator

import pytest

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import Media
from services.api.records import open_records
from services.common.bus.connection import connect
from services.common.clock import ManualClock
from services.common.ids import new_id
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from tests.api.in_process import Domain, domain_of
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


@pytest.fixture
async def domain(nats: NatsServer) -> AsyncIterator[Domain]:
    bus = await connect(nats.url, name="test")
    yield domain_of(await open_records(Spine(bus, ServiceSettings()), noticed=lambda _key: None), ManualClock())
    await bus.close()


async def _keep(domain: Domain, tenant: str, public_id: str, at_us: int) -> str:
    media = new_id()
    record = MediaRecord(
        id=media, tenant_id=tenant, state=Media.READY, create_time_us=at_us, public_id=public_id, ready_time_us=1
    )
    await domain.recordings.records.media.create(media, record)
    return media


async def test_keeper_leaves_a_public_id_to_the_newest_where_its_chronicler_died(domain: Domain) -> None:
    """Whatever order they were written in; what another tenant calls so is another thing."""
    tenant, other = new_id(), new_id()
    oldest = await _keep(domain, tenant, "show", 1)
    newest = await _keep(domain, tenant, "show", 3)
    middle = await _keep(domain, tenant, "show", 2)
    elsewhere = await _keep(domain, other, "show", 4)
    unlike = await _keep(domain, tenant, "another", 5)

    await domain.keeper.repair()
    await domain.keeper.repair()

    names = {key: domain.recordings.records.media.peek(key) for key in (oldest, middle, newest, elsewhere, unlike)}
    assert [stored.record.public_id for stored in names.values() if stored] == ["", "", "show", "show", "another"]


async def test_public_id_of_a_recording_that_is_gone_is_free(domain: Domain) -> None:
    """The one before it has given it up for good."""
    tenant = new_id()
    first = await _keep(domain, tenant, "show", 1)
    await domain.recordings.records.media.delete(first)
    second = await _keep(domain, tenant, "show", 2)

    await domain.keeper.repair()

    stored = domain.recordings.records.media.peek(second)
    assert stored is not None
    assert stored.record.public_id == "show"
