"""The media log while the store is away: it goes as it is used up, and the CMAF log keeps what was made of it."""

from pathlib import Path

import pytest

from headwater.internal.v1.onair_pb2 import Playback
from services.archiver.media_purger import MediaPurger
from services.archiver.retention import PURGE_EACH
from services.archiver.surroundings import Logs
from services.common import subjects
from services.common.bus.entry import Entry
from tests.archiver.on_air import Broadcast, Stage, stage
from tests.archiver.running import archiver, until
from tests.archiver.stored import assert_whole
from tests.packager.program.encoder import encode
from tests.servers.nats import NatsServer
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.connected

SEGMENT_S = 2.0
ROUND_S = PURGE_EACH * SEGMENT_S
MINUTE = 62.0


def media_of(broadcast: Broadcast, instance: str = "primary") -> str:
    return subjects.media(0, instance, broadcast.record.broadcast_id)


async def test_frozen_store_fills_one_log_and_not_the_other(
    own_nats: NatsServer, own_s3: S3Server, tmp_path: Path
) -> None:
    """While nothing can be stored the media log holds two rounds at most, every tick stays, and nothing is lost."""
    async with stage(own_nats, own_s3, tmp_path) as here, archiver(here.environment):
        broadcast = await here.begin()
        await until(lambda: here.is_worked_off(broadcast))  # the archiver has come
        await here.objects.ensure_bucket()
        own_s3.pause()
        await broadcast.send_all(encode(seconds=MINUTE, gop_s=SEGMENT_S), closed=False)
        sent = (await broadcast.media.usage()).last_sequence

        async def is_bounded() -> bool:
            return await here.count(broadcast.media, media_of(broadcast)) <= sent * 2 * ROUND_S / MINUTE

        await until(is_bounded)
        assert await here.count(broadcast.cmaf, broadcast.subject) == len(broadcast.ticks)
        assert await here.count(broadcast.cmaf, broadcast.segment_subject) == len(broadcast.segments)
        last = await broadcast.media.last(media_of(broadcast))
        assert last is not None
        assert last.sequence == sent
        own_s3.resume()
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

        await assert_whole(here.objects, broadcast)


async def test_heir_finds_all_that_it_needs_of_the_media(here: Stage) -> None:
    """Purged up to what each segment message said, the log still has every message from the last tick's position on."""
    broadcast = await here.begin()
    logs, purger = Logs(0, broadcast.media, broadcast.cmaf), MediaPurger()
    await broadcast.send_all(encode(seconds=MINUTE, gop_s=SEGMENT_S), closed=False)
    for entry in await said(broadcast):
        await purger.note(logs, entry)

    first = await broadcast.media.first(media_of(broadcast))
    assert first is not None
    assert 1 < first.sequence <= broadcast.segments[19].purge_media_before
    assert broadcast.segments[19].purge_media_before <= broadcast.program.ledger.head.position.read_from


async def test_media_of_an_ended_broadcast_goes_with_its_end_message(here: Stage) -> None:
    """Its program is in the other log as a whole; another broadcast's media stays."""
    ended, other = await here.begin(), await here.begin()
    logs, purger = Logs(0, ended.media, ended.cmaf), MediaPurger()
    for broadcast in (ended, other):
        await broadcast.send_all(encode())
    await ended.end()
    for entry in await said(ended):
        await purger.note(logs, entry)

    assert await here.count(ended.media, media_of(ended, "*")) == 0
    assert await here.count(other.media, media_of(other, "*")) > 0
    assert await here.count(ended.cmaf, ended.subject) == len(ended.ticks)


async def test_foreign_bytes_purge_nothing(here: Stage) -> None:
    """A message that is no segment is passed over; the consumer of segments complains of it."""
    broadcast = await here.begin()
    await broadcast.send_all(encode())
    before = await here.count(broadcast.media, media_of(broadcast))
    logs = Logs(0, broadcast.media, broadcast.cmaf)

    await MediaPurger().note(logs, Entry(broadcast.segment_subject, 1, 1, b"\xff nonsense"))

    assert await here.count(broadcast.media, media_of(broadcast)) == before


async def said(broadcast: Broadcast) -> list[Entry]:
    """All segment and end messages that are in the log."""
    everything = range(1, (await broadcast.cmaf.usage()).last_sequence + 1)
    return [entry for entry in await broadcast.cmaf.get_many(everything) if entry.subject == broadcast.segment_subject]
