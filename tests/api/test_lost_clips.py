"""What is left of clips whose makers died before writing them down."""

from collections.abc import AsyncIterator

import pytest
from google.protobuf.duration_pb2 import Duration

from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import ClipMediaRequest, Media
from services.api.caller import calling
from services.api.clips import clip
from services.api.lost_clips import LOST_AFTER_S, LostClips
from services.api.records import open_records
from services.common.bus.connection import connect
from services.common.clock import ManualClock
from services.common.ids import new_id
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from tests.api.in_process import WRITER, Domain, KindArchive, domain_of
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def domain(nats: NatsServer, clock: ManualClock) -> AsyncIterator[Domain]:
    bus = await connect(nats.url, name="test")
    yield domain_of(await open_records(Spine(bus, ServiceSettings()), noticed=lambda _key: None), clock)
    await bus.close()


async def test_clip_that_was_never_written_down_goes_and_no_other(domain: Domain, clock: ManualClock) -> None:
    """Not before it is certain that nobody is about to write it; what is no clip is not touched."""
    recordings, source, lost = domain.recordings, new_id(), new_id()
    archive = recordings.archive
    assert isinstance(archive, KindArchive)
    await recordings.records.playback.create(source, Playback(broadcast_id=source, state=Playback.RECORDED))
    record = MediaRecord(id=source, state=Media.READY, duration_us=9_000_000)
    stored = await recordings.records.media.create(source, record)
    with calling(WRITER):
        await clip(recordings, stored, ClipMediaRequest(end=Duration(seconds=2)))
    await archive.create_clip(source, lost, 0, 2_000_000)

    sweeper = LostClips(recordings)
    await sweeper.sweep()
    clock.advance(LOST_AFTER_S - 1)
    await sweeper.sweep()
    assert archive.deleted == []
    clock.advance(1)
    await sweeper.sweep()
    await sweeper.sweep()

    assert archive.deleted == [lost]
