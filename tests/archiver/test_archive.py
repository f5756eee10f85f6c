"""From the log to the store: every segment byte for byte, the recording complete at the end."""

from pathlib import Path

import pytest

from headwater.internal.v1.cmaf_pb2 import Index
from headwater.internal.v1.onair_pb2 import Playback
from services.common import keys, subjects
from services.common.media.unit import Track
from tests.archiver.facts import facts_of
from tests.archiver.on_air import Broadcast, Stage
from tests.archiver.running import archiver, until
from tests.archiver.stored import assert_every_frame, assert_whole, needed, play
from tests.packager.program.encoder import encode

pytestmark = pytest.mark.connected


async def test_broadcast_is_stored_byte_for_byte_and_plays(here: Stage, tmp_path: Path) -> None:
    """Segments, index and recording are in the store, ffmpeg finds each frame, and the playback record says so."""
    broadcast = await here.begin()
    async with archiver(here.environment):
        await broadcast.send_all(encode(b_frames=2))
        await broadcast.end()
        await until(lambda: _is_told(here, broadcast))

    recording = await assert_whole(here.objects, broadcast)
    for name, track in (("video", Track.VIDEO), ("audio", Track.AUDIO)):
        path = await play(here.objects, broadcast, recording, name, tmp_path)
        assert_every_frame(path, encode(b_frames=2), track)
    playback = await here.playback.get(broadcast.record.broadcast_id)
    assert playback is not None
    assert playback.segment_count == recording.segment_count == 3
    assert playback.size_bytes == recording.size_bytes
    assert abs(playback.duration_us - 6_000_000) < 100_000
    assert playback == await here.playback.get(broadcast.record.livestream_id)
    (fact,) = [fact for fact in await facts_of(here) if fact.HasField("recording_completed")]
    assert fact.id == f"{broadcast.record.broadcast_id}-recorded"
    assert (fact.recording_completed.width, fact.recording_completed.height) == (160, 90)


async def _is_told(here: Stage, broadcast: Broadcast) -> bool:
    """True once the last word is said, which follows the records of the broadcast and of the livestream."""
    return f"{broadcast.record.broadcast_id}-recorded" in [fact.id for fact in await facts_of(here)]


async def test_tick_of_several_messages_is_put_together(here: Stage) -> None:
    """With a small message limit each tick lies in pieces in the log; the store has it whole."""
    broadcast = await here.begin()
    broadcast.cut_to(600)
    async with archiver(here.environment):
        await broadcast.send_all(encode())
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

    assert any(len(segment.sequences) > 8 for segment in broadcast.segments)
    await assert_whole(here.objects, broadcast)


async def test_two_archivers_share_and_the_recording_is_whole(here: Stage) -> None:
    """Whoever takes which segment, and whoever finishes."""
    broadcasts = [await here.begin() for _ in range(3)]
    other = here.environment | {"HEADWATER_REPLICA": "other"}
    async with archiver(here.environment), archiver(other):
        for broadcast in broadcasts:
            await broadcast.send_all(encode(seconds=12, gop_s=1.0))
            await broadcast.end()
        for broadcast in broadcasts:
            await until(lambda broadcast=broadcast: here.is_in(broadcast, Playback.RECORDED))  # type: ignore[misc]

    for broadcast in broadcasts:
        await assert_whole(here.objects, broadcast)


async def test_segment_said_again_changes_nothing(here: Stage) -> None:
    """An heir repeats the last segment message after the recording is complete, or before: nothing is different."""
    broadcast = await here.begin()
    async with archiver(here.environment):
        await broadcast.send_all(encode())
        await broadcast.announce(broadcast.segments[-1], msg_id="again")
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))
        await until(lambda: is_let_go(here, broadcast))
        before = [info for info in await here.objects.list("") if "/segment/" not in info.key]
        # Its ticks are purged by now.
        await broadcast.announce(broadcast.segments[0], msg_id="once more")
        await until(lambda: here.is_worked_off(broadcast))

    assert [info for info in await here.objects.list("") if "/segment/" not in info.key] == before
    assert not [fact for fact in await facts_of(here) if fact.HasField("recording_failed")]
    await assert_whole(here.objects, broadcast)


async def is_let_go(here: Stage, broadcast: Broadcast) -> bool:
    return await here.count(broadcast.cmaf, broadcast.segment_subject) == 0


async def test_long_broadcast_has_full_index_objects_before_it_ends(here: Stage) -> None:
    """The first hundred segments are listed while the broadcast goes on; the last object has the rest."""
    broadcast = await here.begin()
    template = encode(seconds=4.0)
    async with archiver(here.environment):
        await broadcast.send_all(template, closed=False)
        first = broadcast.segments[0]
        for msn in range(1, 112):
            await broadcast.copy_segment(first, msn)
        await until(lambda: here.objects.exists(keys.index(broadcast.record.store_prefix, 0)))
        index = Index.FromString(await needed(here.objects, keys.index(broadcast.record.store_prefix, 0)))
        assert [segment.msn for segment in index.segments] == list(range(100))
        assert not await here.is_in(broadcast, Playback.RECORDED)
        await broadcast.end_at(112)
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

    index = Index.FromString(await needed(here.objects, keys.index(broadcast.record.store_prefix, 1)))
    assert [segment.msn for segment in index.segments] == list(range(100, 112))
    assert {rendition.name for rendition in index.renditions} == {"video", "audio"}


async def test_recording_ends_where_the_packager_says_though_the_broadcast_went_on(here: Stage) -> None:
    """What is said not to be kept is no gap; the recording begins when the program was published."""
    broadcast = await here.begin()
    broadcast.program.ledger.state.record_before = 2
    publish_us = broadcast.record.start_time_us + 7
    await here.playback.change(
        broadcast.record.broadcast_id, lambda record: setattr(record, "publish_time_us", publish_us)
    )
    async with archiver(here.environment):
        await broadcast.send_all(encode())
        await broadcast.end_at(2)
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))
        await until(lambda: is_let_go(here, broadcast))

    assert [segment.record for segment in broadcast.segments] == [True, True, False]
    del broadcast.segments[2:]
    recording = await assert_whole(here.objects, broadcast)
    assert recording.start_time_us == publish_us
    assert not [fact for fact in await facts_of(here) if fact.HasField("recording_failed")]
    assert not await here.objects.exists(keys.segment(broadcast.record.store_prefix, "video", 2))


async def test_unrecorded_broadcast_leaves_nothing(here: Stage) -> None:
    """With recording off nothing is stored; after the grace the log is empty and nothing can be played."""
    broadcast = await here.begin(record=False)
    async with archiver(here.environment):
        await broadcast.send_all(encode())
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.GONE))
        await until(lambda: is_let_go(here, broadcast))

    assert await here.objects.list("") == []


async def test_broadcast_without_a_segment_is_gone(here: Stage) -> None:
    """An encoder that never sent enough leaves no media."""
    broadcast = await here.begin()
    async with archiver(here.environment):
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.GONE))

    assert await here.objects.list("") == []


async def test_segment_whose_ticks_are_gone_is_a_gap_and_said_aloud(here: Stage) -> None:
    """What the log has lost before it was stored does not keep the rest from becoming a recording."""
    broadcast = await here.begin()
    await broadcast.send_all(encode())
    lost = broadcast.segments[1]
    await broadcast.cmaf.remove(lost.sequences[2])
    async with archiver(here.environment):
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

    (fact,) = [fact for fact in await facts_of(here) if fact.HasField("recording_failed")]
    assert "segment 1" in fact.recording_failed.reason
    index = Index.FromString(await needed(here.objects, keys.index(broadcast.record.store_prefix, 0)))
    assert [[each.length > 0 for each in segment.renditions] for segment in index.segments] == [
        [True, True],
        [False, False],
        [True, True],
    ]


async def test_segment_that_was_never_announced_does_not_hold_the_end_for_ever(here: Stage) -> None:
    """When no message is left that could bring it, it is a gap."""
    broadcast = await here.begin()
    await broadcast.send_all(encode())
    first = await broadcast.cmaf.first(broadcast.segment_subject)
    assert first is not None
    await broadcast.cmaf.remove(first.sequence)
    async with archiver(here.environment):
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

    assert [fact for fact in await facts_of(here) if fact.HasField("recording_failed")]


async def test_garbage_on_a_segment_subject_is_put_aside(here: Stage) -> None:
    """A message that is no segment does not hold up those behind it."""
    broadcast = await here.begin()
    await broadcast.cmaf.append(subjects.segments(0, "x"), b"\xff\xff\xff")
    async with archiver(here.environment):
        await broadcast.send_all(encode())
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

    await assert_whole(here.objects, broadcast)
