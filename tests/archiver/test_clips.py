"""Pieces of recordings as recordings of their own, made in a real store and ordered over gRPC."""

import asyncio
from fractions import Fraction
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
from services.common import keys, subjects
from services.common.clip_jobs import clip_job
from services.common.ids import new_id
from services.common.media.unit import CLOCK_RATE, Track
from services.common.objects import ObjectStore, ObjectsUnavailable
from services.packager.hls.attributes import FIRST_MSN
from services.packager.hls.query import with_query
from services.packager.origin.recording import load
from services.packager.origin.track import segment_path
from tests.archiver.facts import facts_of
from tests.archiver.on_air import Broadcast, Stage
from tests.archiver.running import until
from tests.archiver.stored import needed
from tests.archiver.test_jobs import asking, ended, order, recorded, refusal
from tests.common.media.encoded import run
from tests.packager.program.encoder import encode

pytestmark = pytest.mark.connected

SECOND_US = 1_000_000


async def ordered(stub: Any, media: str, start_us: int, end_us: int, clip: str = "") -> str:
    """The id of a clip that is going to be."""
    request = CreateClipRequest(media_id=media, clip_id=clip or new_id(), start_us=start_us, end_us=end_us)
    job: DownloadJob = await stub.CreateClip(request, timeout=10)
    assert (job.media_id, job.format) == (request.clip_id, "CLIP")
    return job.media_id


async def clipped(here: Stage, stub: Any, media: str, start_us: int, end_us: int) -> Playback:
    """A clip that is made, and of whose order nothing is left."""
    clip = await ordered(stub, media, start_us, end_us)

    async def is_made() -> bool:
        return await here.playback.get(clip) is not None and await job_of(here, clip) is None

    await until(is_made)
    made = await here.playback.get(clip)
    assert made is not None
    return made


async def job_of(here: Stage, clip: str) -> DownloadJob | None:
    """The order for a clip as it stands."""
    found = await (await here.spine.bucket(subjects.JOBS)).get(clip_job(clip))
    return None if found is None else DownloadJob.FromString(found.value)


async def failure(here: Stage, stub: Any, media: str, start_us: int = 0, end_us: int = SECOND_US) -> str:
    """Why a clip that may be ordered cannot be made."""
    clip = await ordered(stub, media, start_us, end_us)
    jobs: list[DownloadJob | None] = []

    async def has_failed() -> bool:
        jobs[:] = [await job_of(here, clip)]
        return jobs[0] is not None and jobs[0].state == DownloadJob.FAILED

    await until(has_failed)
    assert await here.playback.get(clip) is None
    return jobs[0].error if jobs[0] else ""


async def segments_of(here: Stage, prefix: str) -> list[Segment]:
    """As the index of a recording lists them."""
    return list(Index.FromString(await needed(here.objects, keys.index(prefix, 0))).segments)


async def test_clip_between_segments_is_a_copy_of_them(here: Stage) -> None:
    """Numbered from 0, byte for byte the source's, with its dates; and so the sums say."""
    async with asking(here) as stub:
        source = (await recorded(here, encode(seconds=12))).record
        whole = await segments_of(here, source.store_prefix)
        starts_us = await segments_us(here, source.store_prefix)
        made = await clipped(here, stub, source.broadcast_id, starts_us[1], starts_us[3])
        everything = await clipped(here, stub, source.broadcast_id, 0, starts_us[-1])

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
    assert await here.playback.get(source.livestream_id) == await here.playback.get(source.broadcast_id)
    assert (everything.segment_count, everything.duration_us) == (len(whole), starts_us[-1])


@pytest.mark.parametrize("b_frames", [0, 2])
async def test_clip_begins_at_a_key_frame_and_ends_at_the_frame(here: Stage, tmp_path: Path, b_frames: int) -> None:
    """Decoded, its pictures are the source's from the last key frame until then to the last one before the end.

    Where pictures are reordered, it goes on until what is shown last needs nothing that is not there.
    """
    async with asking(here) as stub:
        sent = encode(seconds=8, gop_s=0.5, b_frames=b_frames)
        source = (await recorded(here, sent)).record
        shown = decoded(await played(here, source.store_prefix, "video", tmp_path))
        assert len(shown) == 240
        for begin, end, key in ((20, 95, 15), (15, 45, 15), (14, 16, 0), (61, 73, 60), (3, 240, 0)):
            made = await clipped(here, stub, source.broadcast_id, at_us(begin), at_us(end))
            found = decoded(await played(here, made.store_prefix, "video", tmp_path))
            last = key + len(found)
            assert found == shown[key:last]
            assert end <= last <= end + b_frames
            # At its very beginning a recording has the sound that comes before the first picture.
            slack = Fraction(45 if key else 95, 1000)
            assert abs(Fraction(made.duration_us, SECOND_US) - Fraction(last - key, 30)) <= slack
            await assert_sound_beside(here, made.store_prefix, tmp_path, slack)


async def test_clip_begins_segments_earlier_where_the_key_frame_is(here: Stage, tmp_path: Path) -> None:
    """An encoder may send key frames more seldom than segments are cut."""
    async with asking(here) as stub:
        source = (await recorded(here, encode(seconds=26, gop_s=24))).record
        assert len(await segments_of(here, source.store_prefix)) > 2
        shown = decoded(await played(here, source.store_prefix, "video", tmp_path))
        made = await clipped(here, stub, source.broadcast_id, at_us(330), at_us(340))

    assert decoded(await played(here, made.store_prefix, "video", tmp_path)) == shown[:340]
    assert made.segment_count == 2


def at_us(picture: int) -> int:
    """When a picture is shown, as somebody asks for it who counts in milliseconds."""
    return round(picture * 1000 / 30) * 1000


async def played(here: Stage, prefix: str, name: str, folder: Path) -> Path:
    """A rendition as a player gets it: init segment, then every segment."""
    recording = Recording.FromString(await needed(here.objects, keys.recording(prefix)))
    (rendition,) = [each for each in recording.renditions if each.name == name]
    found = [await needed(here.objects, keys.init(prefix, name, rendition.init_id))]
    for segment in await segments_of(here, prefix):
        (told,) = [each for each in segment.renditions if each.name == name]
        found.append(await needed(here.objects, keys.segment(prefix, name, segment.msn)))
        assert len(found[-1]) == told.length
    path = folder / f"{prefix}-{name}.mp4"
    path.write_bytes(b"".join(found))
    return path


def decoded(path: Path) -> list[str]:
    """What ffmpeg decodes, picture by picture; it may complain of nothing."""
    command = ("-v", "error", "-xerror", "-i", str(path), "-fps_mode", "passthrough", "-f", "framemd5", "-")
    out = run("ffmpeg", *command)
    return [line.rpartition(",")[2].strip() for line in out.splitlines() if not line.startswith("#")]


async def assert_sound_beside(here: Stage, prefix: str, folder: Path, slack: Fraction) -> None:
    """It begins and ends with the picture, but for a frame of sound."""
    video = times(await played(here, prefix, "video", folder))
    audio = times(await played(here, prefix, "audio", folder))
    for picture, sound in zip(video, audio, strict=True):
        assert abs(picture - sound) <= slack


def times(path: Path) -> tuple[Fraction, Fraction]:
    """When the first packet of a rendition is shown, and until when the last one is; in seconds."""
    with av.open(str(path)) as file:
        base = file.streams[0].time_base or Fraction(0)
        shown = [
            (each.pts, each.pts + each.duration) for each in file.demux() if each.pts is not None and each.duration
        ]
    return min(begin for begin, _ in shown) * base, max(end for _, end in shown) * base


async def test_clip_plays_from_its_first_key_frame(here: Stage, tmp_path: Path) -> None:
    """An origin lists its segments from 0 to the end; put together, as a player does, all of their pictures decode."""
    async with asking(here) as stub:
        source = (await recorded(here, encode(seconds=12))).record
        made = await clipped(here, stub, source.broadcast_id, 3 * SECOND_US, 5 * SECOND_US)
    shown = await load(made.store_prefix, here.objects.get)
    assert shown is not None
    playlist = m3u8.loads(with_query(shown.template("video"), "").decode())

    assert (playlist.is_endlist, playlist.media_sequence) == (True, FIRST_MSN)
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
    assert len(pictures) == round(30 * made.duration_us / SECOND_US) == 90


async def test_clip_is_converted_and_outlives_its_source(here: Stage, tmp_path: Path) -> None:
    """Its MP4 has every frame of its segments and no other, after the source is deleted; then it goes, too."""
    sent = encode(seconds=12)
    async with asking(here) as stub:
        source = (await recorded(here, sent)).record
        made = await clipped(here, stub, source.broadcast_id, 3 * SECOND_US, 5 * SECOND_US)
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
    assert (begin_s, end_s) == (2.0, 5.0)


async def test_clip_that_cannot_be_is_refused_and_leaves_nothing(here: Stage) -> None:
    """Pieces that the media has not, and media that is not there or not complete."""
    async with asking(here) as stub:
        source = await recorded(here, encode())
        media, invalid = source.record.broadcast_id, grpc.StatusCode.INVALID_ARGUMENT
        for start_us, end_us in ((SECOND_US, SECOND_US), (-1, SECOND_US), (0, 3600 * SECOND_US)):
            assert (await refusal(ordered(stub, media, start_us, end_us)))[0] == invalid
        assert (await refusal(ordered(stub, new_id(), 0, SECOND_US)))[0] == grpc.StatusCode.NOT_FOUND
        live = (await here.begin()).record.broadcast_id
        assert (await refusal(ordered(stub, live, 0, SECOND_US)))[0] == grpc.StatusCode.FAILED_PRECONDITION
        assert await is_all_of(here, source)


async def test_clip_that_cannot_be_made_fails_in_words_and_leaves_nothing(here: Stage) -> None:
    """One of whose source an object is lost; ordered again it stays failed, and is deleted as any other."""
    async with asking(here) as stub:
        source = await recorded(here, encode())
        media = source.record.broadcast_id
        await here.objects.delete([keys.segment(source.record.store_prefix, "audio", 0)])
        assert await failure(here, stub, media) == "a part of the recording is not in the store"
        assert await is_all_of(here, source)
        await here.objects.put(keys.index(source.record.store_prefix, 0), b"\xff" * 64)
        assert await failure(here, stub, media) == "the recording cannot be read"

        (clip,) = [each.media_id for each in await jobs_of(here) if each.error.endswith("read")]
        assert await ordered(stub, media, 0, SECOND_US, clip) == clip
        await stub.DeleteRecording(DeleteRecordingRequest(media_id=clip), timeout=10)
        assert await job_of(here, clip) is None
        assert await is_all_of(here, source)
        gone = CreateClipRequest(media_id=media, clip_id=clip, end_us=SECOND_US)
        assert (await refusal(stub.CreateClip(gone, timeout=10)))[0] == grpc.StatusCode.NOT_FOUND


async def jobs_of(here: Stage) -> list[DownloadJob]:
    found = await (await here.spine.bucket(subjects.JOBS)).list()
    return [DownloadJob.FromString(each.value) for each in found]


async def test_clip_of_an_archiver_that_is_gone_is_finished(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on behind what is known to be there, and the sum is that of a clip made at one go."""
    monkeypatch.setattr("services.archiver.job.WRITE_EACH_S", 0.0)
    copies: list[int] = []
    copy = Recordings.copy_segment

    async def dying(own: Recordings, source: str, of: Segment, prefix: str, msn: int, **more: Any) -> bool:
        copies.append(msn)
        if msn >= _DIES_AT:
            await asyncio.Event().wait()
        return await copy(own, source, of, prefix, msn, **more)

    monkeypatch.setattr(Recordings, "copy_segment", dying)
    async with asking(here) as stub:
        source = (await recorded(here, encode(seconds=30, gop_s=1.0))).record
        total_us = source_us = (await segments_us(here, source.store_prefix))[-1]
        clip = await ordered(stub, source.broadcast_id, 0, source_us)
        await until(lambda: reached(copies, _DIES_AT))
        left = await job_of(here, clip)
        assert left is not None
        assert (left.state, left.copied_segments) == (DownloadJob.RUNNING, 6)
        assert 0 < left.percent < 100
        assert await here.playback.get(clip) is None
    monkeypatch.setattr(Recordings, "copy_segment", copy)
    async with asking(here) as stub:
        await until(lambda: is_recorded(here, clip))
        whole = await clipped(here, stub, source.broadcast_id, 0, total_us)

    made = await here.playback.get(clip)
    assert made is not None
    assert (made.segment_count, made.size_bytes) == (whole.segment_count, whole.size_bytes)
    for each in await segments_of(here, made.store_prefix):
        for rendition in each.renditions:
            key = keys.segment(made.store_prefix, rendition.name, each.msn)
            assert len(await needed(here.objects, key)) == rendition.length


_DIES_AT = 8


async def reached(copies: list[int], msn: int) -> bool:
    return msn in copies


async def is_recorded(here: Stage, clip: str) -> bool:
    found = await here.playback.get(clip)
    return found is not None and found.state == Playback.RECORDED


async def segments_us(here: Stage, prefix: str) -> list[int]:
    """When a recording's segments begin, and last when it ends, in microseconds from its beginning."""
    listed = await segments_of(here, prefix)
    began = listed[0].program_time_us
    recording = Recording.FromString(await needed(here.objects, keys.recording(prefix)))
    return [*(each.program_time_us - began for each in listed), recording.duration_us]


async def test_clip_deleted_while_it_is_made_leaves_nothing(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever copies it finds out and tidies; if that one is killed, the next one does."""
    has_begun, may_go_on = asyncio.Event(), asyncio.Event()
    copy = Recordings.copy_segment

    async def held_up(own: Recordings, *given: Any, **more: Any) -> bool:
        has_begun.set()
        await may_go_on.wait()
        return await copy(own, *given, **more)

    monkeypatch.setattr(Recordings, "copy_segment", held_up)
    async with asking(here) as stub:
        source = await recorded(here, encode())
        for is_killed in (False, True):
            has_begun.clear()
            may_go_on.clear()
            clip = await ordered(stub, source.record.broadcast_id, 0, SECOND_US)
            await has_begun.wait()
            await stub.DeleteRecording(DeleteRecordingRequest(media_id=clip), timeout=10)
            assert await job_of(here, clip) is not None
            if is_killed:
                break
            may_go_on.set()
            await until(lambda clip=clip: is_forgotten(here, clip))  # type: ignore[misc]  # bound now
            assert await is_all_of(here, source)
    may_go_on.set()
    async with asking(here):
        await until(lambda: is_forgotten(here, clip))

    assert await is_all_of(here, source)
    gone = await here.playback.get(clip)
    assert gone is not None
    assert (gone.state, gone.clipped_from) == (Playback.GONE, source.record.broadcast_id)
    said = {fact.id for fact in await facts_of(here) if fact.HasField("recording_deleted")}
    assert f"{clip}-deleted" in said


async def is_forgotten(here: Stage, clip: str) -> bool:
    return await job_of(here, clip) is None


async def test_clip_waits_for_a_store_that_is_away(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ordered as ever and goes on where it was; nothing of it fails."""
    is_away, tries = True, asyncio.Event()
    copy = ObjectStore.copy

    async def away(own: ObjectStore, source: str, key: str) -> bool:
        if is_away:
            tries.set()
            raise ObjectsUnavailable("away")
        return await copy(own, source, key)

    monkeypatch.setattr(ObjectStore, "copy", away)
    async with asking(here) as stub:
        source = await recorded(here, encode())
        clip = await ordered(stub, source.record.broadcast_id, 0, SECOND_US)
        await tries.wait()
        job = await job_of(here, clip)
        assert job is not None
        assert (job.state, job.error) == (DownloadJob.RUNNING, "")
        is_away = False
        await until(lambda: is_recorded(here, clip))


async def is_all_of(here: Stage, source: Broadcast) -> bool:
    """Whether the store has no objects but a recording's."""
    return all(each.key.startswith(f"{source.record.store_prefix}/") for each in await here.objects.list(""))
