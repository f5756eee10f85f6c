"""From the log to the store: every segment byte for byte, the recording complete at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headwater.internal.v1.cmaf_pb2 import Index, Recording, Segment
from headwater.internal.v1.onair_pb2 import Playback
from services.common import keys
from tests.archiver.on_air import Broadcast, Stage, stage
from tests.archiver.running import archiver, until
from tests.packager.program.encoder import encode
from tests.servers.nats import NatsServer
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.connected


@pytest.fixture
async def here(own_nats: NatsServer, s3_server: S3Server, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(own_nats, s3_server, tmp_path) as opened:
        yield opened


async def is_recorded(here: Stage, broadcast: Broadcast) -> bool:
    return await here.state_of(broadcast) == Playback.RECORDED


async def assert_whole(here: Stage, broadcast: Broadcast) -> Recording:
    """The store holds each segment byte for byte, the index all of them, and the recording their sum."""
    prefix, total = broadcast.record.store_prefix, 0
    listed: list[Segment] = []
    raw = await here.objects.get(keys.recording(prefix))
    assert raw is not None
    recording = Recording.FromString(raw)
    for number in range(recording.index_count):
        content = await here.objects.get(keys.index(prefix, number))
        assert content is not None
        index = Index.FromString(content)
        listed += index.segments
        for rendition in index.renditions:
            assert await here.objects.get(keys.init(prefix, rendition.name, rendition.init_id)) == rendition.init
    assert [segment.msn for segment in listed] == [segment.msn for segment in broadcast.segments]
    for segment in listed:
        for each in segment.renditions:
            expected = broadcast.bytes_of(each.name, segment.msn)
            assert await here.objects.get(keys.segment(prefix, each.name, segment.msn)) == expected
            assert len(expected) == each.length
            total += len(expected)
    assert (recording.segment_count, recording.size_bytes) == (len(broadcast.segments), total)
    return recording


async def test_broadcast_is_stored_byte_for_byte(here: Stage) -> None:
    """Segments, init segments, index and recording lie in the store; the playback record says so."""
    broadcast = await here.begin()
    async with archiver(here.environment):
        await broadcast.send_all(encode())
        await broadcast.end()
        await until(lambda: is_recorded(here, broadcast))

    recording = await assert_whole(here, broadcast)
    playback = await here.playback.get(broadcast.record.broadcast_id)
    assert playback is not None
    assert playback.segment_count == recording.segment_count == 3
    assert playback.size_bytes == recording.size_bytes
    assert abs(playback.duration_us - 6_000_000) < 50_000
    assert playback == await here.playback.get(broadcast.record.livestream_id)
