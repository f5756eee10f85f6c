"""Purging, on real logs: what is stored and outside the window goes, and nothing else does."""

import pytest

from headwater.internal.v1.cmaf_pb2 import Segment
from headwater.internal.v1.onair_pb2 import Playback
from services.archiver.purger import Purger
from services.archiver.surroundings import Logs
from services.common import subjects
from tests.archiver.on_air import Broadcast, Stage
from tests.archiver.running import archiver, until
from tests.packager.program.encoder import encode

pytestmark = pytest.mark.connected


async def sequences_in_log(broadcast: Broadcast) -> set[int]:
    last = (await broadcast.cmaf.usage()).last_sequence
    found = await broadcast.cmaf.get_many(range(1, last + 1))
    return {entry.sequence for entry in found if entry.subject == broadcast.subject}


async def a_minute(here: Stage) -> Broadcast:
    """A broadcast of thirty segments, announced and not yet taken by anybody."""
    broadcast = await here.begin()
    await broadcast.send_all(encode(seconds=62, gop_s=2.0), closed=False)
    assert len(broadcast.segments) >= 30
    return broadcast


async def test_live_broadcast_is_purged_up_to_a_window_of_before(here: Stage) -> None:
    """Ticks that left the window ten segments ago, and media used up by then, go while it is on air."""
    broadcast = await a_minute(here)
    media = subjects.media(0, "primary", broadcast.record.broadcast_id)
    before = await here.count(broadcast.media, media)
    window = broadcast.program.ledger.state.window[0].sequence
    bound = broadcast.segments[19].purge_cmaf_before
    assert bound > broadcast.segments[0].sequences[-1]
    async with archiver(here.environment | {"HEADWATER_SEGMENTS_AT_ONCE": "1"}):
        await until(lambda: here.is_worked_off(broadcast))

        async def is_purged() -> bool:
            return await here.count(broadcast.media, media) < before

        await until(is_purged)

    left = await sequences_in_log(broadcast)
    assert min(left) == bound
    assert {sequence for sequence in await all_ticks(broadcast) if sequence >= window} <= left
    last = await broadcast.media.last(media)
    assert last is not None


async def all_ticks(broadcast: Broadcast) -> list[int]:
    return [sequence for segment in broadcast.segments for sequence in segment.sequences]


async def test_segment_that_waits_keeps_its_ticks(here: Stage) -> None:
    """While one old segment is not stored, nothing from its first tick on goes, however far the window is."""
    broadcast = await a_minute(here)
    logs, purger = Logs(0, broadcast.media, broadcast.cmaf), Purger()
    messages = await broadcast.cmaf.get_many(range(1, (await broadcast.cmaf.usage()).last_sequence + 1))
    for entry in messages:
        is_stored = entry.subject == broadcast.segment_subject and Segment.FromString(entry.payload).msn != 1
        if is_stored:
            await broadcast.cmaf.remove(entry.sequence)
    for segment in broadcast.segments:
        await purger.note(logs, segment)

    left = await sequences_in_log(broadcast)
    waiting = broadcast.segments[1].sequences
    assert set(waiting) <= left
    assert not set(broadcast.segments[0].sequences) & left


async def test_ended_broadcast_leaves_its_last_tick(here: Stage) -> None:
    """After the grace all is gone but the tick that fences a writer who was away all the while."""
    broadcast = await here.begin()
    async with archiver(here.environment):
        await broadcast.send_all(encode())
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))
        assert len(await sequences_in_log(broadcast)) == len(broadcast.ticks)
        await until(lambda: is_empty(here, broadcast))

    assert await sequences_in_log(broadcast) == {broadcast.program.ledger.last_sequence}
    assert not [info for info in await here.objects.list("") if "/segment/" in info.key]


async def is_empty(here: Stage, broadcast: Broadcast) -> bool:
    media = await here.count(broadcast.media, subjects.media(0, "*", broadcast.record.broadcast_id))
    return media + await here.count(broadcast.cmaf, broadcast.segment_subject) == 0
