"""Pieces of recordings as recordings of their own, made in a real store and ordered over gRPC."""

from pathlib import Path
from typing import Any

import av
import grpc
import m3u8
import pytest

from headwater.internal.v1.cmaf_pb2 import Index, Recording, Segment
from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from headwater.internal.v1.services_pb2 import CreateClipRequest, DeleteRecordingRequest
from services.archiver.repository import Recordings
from services.common import keys
from services.common.ids import new_id
from services.common.media.unit import CLOCK_RATE, Track
from services.packager.hls.query import with_query
from services.packager.origin.recording import load
from services.packager.origin.track import segment_path
from tests.archiver.on_air import Broadcast, Stage
from tests.archiver.stored import needed
from tests.archiver.test_jobs import asking, ended, order, recorded, refusal
from tests.packager.program.encoder import encode

pytestmark = pytest.mark.connected

SECOND_US = 1_000_000


async def clipped(stub: Any, media: str, start_us: int, end_us: int) -> Playback:
    request = CreateClipRequest(media_id=media, clip_id=new_id(), start_us=start_us, end_us=end_us)
    made: Playback = await stub.CreateClip(request, timeout=10)
    return made


async def segments_of(here: Stage, prefix: str) -> list[Segment]:
    """As the index of a recording lists them."""
    return list(Index.FromString(await needed(here.objects, keys.index(prefix, 0))).segments)


async def test_clip_is_a_recording_of_the_segments_that_cover_it(here: Stage) -> None:
    """Cut outwards, numbered from 0, byte for byte the source's, with its dates; and so the sums say."""
    async with asking(here) as stub:
        source = (await recorded(here, encode(seconds=12))).record
        whole = await segments_of(here, source.store_prefix)
        starts_us = [segment.program_time_us - whole[0].program_time_us for segment in whole]
        made = await clipped(stub, source.broadcast_id, starts_us[1] + SECOND_US // 2, starts_us[3] - SECOND_US // 4)

    listed = await segments_of(here, made.store_prefix)
    assert len(whole) > 4
    assert [segment.msn for segment in listed] == [0, 1]
    for segment, of in zip(listed, whole[1:3], strict=True):
        assert segment.program_time_us == of.program_time_us
        assert list(segment.renditions) == list(of.renditions)
        for each in segment.renditions:
            copy = await here.objects.get(keys.segment(made.store_prefix, each.name, segment.msn))
            assert copy == await needed(here.objects, keys.segment(source.store_prefix, each.name, of.msn))
            assert await here.objects.exists(keys.init(made.store_prefix, each.name, each.init_id))
    recording = Recording.FromString(await needed(here.objects, keys.recording(made.store_prefix)))
    size = sum(each.length for segment in listed for each in segment.renditions)
    assert (made.segment_count, made.size_bytes, made.duration_us) == (2, size, recording.duration_us)
    assert abs(made.duration_us - (starts_us[3] - starts_us[1])) < SECOND_US // 10
    assert (made.state, made.clipped_from) == (Playback.RECORDED, source.broadcast_id)
    assert await here.playback.get(made.broadcast_id) == made
    assert await here.playback.get(source.livestream_id) == await here.playback.get(source.broadcast_id)


async def test_clip_of_borders_takes_no_neighbour_and_of_everything_is_everything(here: Stage) -> None:
    """What ends where the clip begins, or begins where it ends, does not cover it."""
    async with asking(here) as stub:
        source = (await recorded(here, encode(seconds=12))).record
        total_us = Recording.FromString(await needed(here.objects, keys.recording(source.store_prefix))).duration_us
        whole = await segments_of(here, source.store_prefix)
        starts_us = [segment.program_time_us - whole[0].program_time_us for segment in whole]
        one = await clipped(stub, source.broadcast_id, starts_us[1], starts_us[2])
        everything = await clipped(stub, source.broadcast_id, 0, total_us)

    assert one.segment_count == 1
    assert (await segments_of(here, one.store_prefix))[0].program_time_us == whole[1].program_time_us
    assert (everything.segment_count, everything.duration_us) == (len(whole), total_us)


async def test_clip_plays_from_its_first_key_frame(here: Stage, tmp_path: Path) -> None:
    """An origin lists its segments from 0 to the end; put together, as a player does, all of their pictures decode."""
    async with asking(here) as stub:
        source = (await recorded(here, encode(seconds=12))).record
        made = await clipped(stub, source.broadcast_id, 3 * SECOND_US, 5 * SECOND_US)
    shown = await load(made.store_prefix, here.objects.get)
    assert shown is not None
    playlist = m3u8.loads(with_query(shown.template("video"), "").decode())

    assert (playlist.is_endlist, playlist.media_sequence) == (True, 0)
    assert [each.uri for each in playlist.segments] == [
        segment_path("video", msn) for msn in range(len(shown.segments))
    ]
    assert sum(each.duration for each in playlist.segments) == pytest.approx(made.duration_us / SECOND_US, abs=0.1)
    assert playlist.segments[0].current_program_date_time is not None
    init_id = shown.renditions["video"].init_id
    names = [keys.init(made.store_prefix, "video", init_id)]
    names += [keys.segment(made.store_prefix, "video", msn) for msn in range(len(shown.segments))]
    path = tmp_path / "played.mp4"
    path.write_bytes(b"".join([await needed(here.objects, name) for name in names]))
    with av.open(str(path)) as file:
        pictures = list(file.decode(video=0))
    assert pictures[0].key_frame
    assert len(pictures) == round(30 * made.duration_us / SECOND_US)


async def test_clip_is_converted_and_outlives_its_source(here: Stage, tmp_path: Path) -> None:
    """Its MP4 has every frame of its segments and no other, after the source is deleted; then it goes, too."""
    sent = encode(seconds=12)
    async with asking(here) as stub:
        source = (await recorded(here, sent)).record
        made = await clipped(stub, source.broadcast_id, 3 * SECOND_US, 5 * SECOND_US)
        await stub.DeleteRecording(DeleteRecordingRequest(media_id=source.broadcast_id), timeout=10)
        await order(stub, made.broadcast_id, "MP4")
        job = await ended(stub, made.broadcast_id, "MP4")
        assert (job.state, job.error) == (DownloadJob.READY, "")
        path = tmp_path / "clip.mp4"
        path.write_bytes(await needed(here.objects, job.object_key))
        await stub.DeleteRecording(DeleteRecordingRequest(media_id=made.broadcast_id), timeout=10)

        assert await here.objects.list("") == []
    pictures = [unit for unit in sent.units if unit.track is Track.VIDEO]
    with av.open(str(path)) as file:
        frames = [bytes(packet) for packet in file.demux(file.streams.video[0]) if packet.size]
        file.seek(0)
        decoded = len(list(file.decode(video=0)))
    first = [unit.payload for unit in pictures].index(frames[0])
    assert [unit.payload for unit in pictures[first : first + len(frames)]] == frames
    assert decoded == len(frames) < len(pictures)
    begin_s, end_s = ((pictures[at].dts - pictures[0].dts) / CLOCK_RATE for at in (first, first + len(frames)))
    assert 1 <= begin_s <= 3
    assert 5 <= end_s <= 7


async def test_clip_that_cannot_be_is_refused_and_leaves_nothing(here: Stage) -> None:
    """Pieces that the media has not, media that is not there or not complete, and one that loses an object."""
    async with asking(here) as stub:
        source = await recorded(here, encode())
        media, invalid = source.record.broadcast_id, grpc.StatusCode.INVALID_ARGUMENT
        for start_us, end_us in ((SECOND_US, SECOND_US), (-1, SECOND_US), (0, 3600 * SECOND_US)):
            assert (await refusal(clipped(stub, media, start_us, end_us)))[0] == invalid
        assert (await refusal(clipped(stub, new_id(), 0, SECOND_US)))[0] == grpc.StatusCode.NOT_FOUND
        live = (await here.begin()).record.broadcast_id
        assert (await refusal(clipped(stub, live, 0, SECOND_US)))[0] == grpc.StatusCode.FAILED_PRECONDITION

        await here.objects.delete([keys.segment(source.record.store_prefix, "audio", 0)])
        assert (await refusal(clipped(stub, media, 0, SECOND_US)))[0] == grpc.StatusCode.FAILED_PRECONDITION
        assert await is_all_of(here, source)


async def test_clip_whose_maker_fails_is_never_visible(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken off before its last object, it has no playback record, and what was copied is removed."""

    async def fail(_recordings: Recordings, _prefix: str, _recording: Recording) -> None:
        raise RuntimeError("no more")

    async with asking(here) as stub:
        source = await recorded(here, encode())
        monkeypatch.setattr(Recordings, "put_recording", fail)
        clip = new_id()
        request = CreateClipRequest(media_id=source.record.broadcast_id, clip_id=clip, end_us=SECOND_US)
        assert (await refusal(stub.CreateClip(request, timeout=10)))[0] == grpc.StatusCode.INTERNAL

        assert await here.playback.get(clip) is None
        assert await is_all_of(here, source)


async def is_all_of(here: Stage, source: Broadcast) -> bool:
    """Whether the store has no objects but a recording's."""
    return all(each.key.startswith(f"{source.record.store_prefix}/") for each in await here.objects.list(""))
