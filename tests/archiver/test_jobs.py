"""Files made of recordings, as they are ordered over gRPC."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import grpc
import pytest

from headwater.internal.v1.cmaf_pb2 import Segment
from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from headwater.internal.v1.services_pb2 import (
    CreateJobRequest,
    DeleteJobRequest,
    DeleteRecordingRequest,
    GetJobsRequest,
)
from headwater.internal.v1.services_pb2_grpc import ArchiveServiceStub
from services.archiver.conversion import Conversion
from services.common import keys, subjects
from services.common.ids import new_id
from services.common.media.unit import CLOCK_RATE, Track
from tests.archiver.facts import facts_of
from tests.archiver.on_air import Broadcast, Stage
from tests.archiver.running import archiver, child, until
from tests.archiver.stored import assert_every_frame, needed
from tests.common.media.encoded import framemd5
from tests.packager.program.encoder import Recording, encode
from tests.servers.ports import free_ports

pytestmark = pytest.mark.connected

SENT = {"seconds": 8.0, "b_frames": 2}


@asynccontextmanager
async def asking(here: Stage, **more: str) -> AsyncIterator[Any]:
    """An archiver in this process, and a client of it."""
    (port,) = free_ports(1)
    settings = {f"HEADWATER_{name}": value for name, value in more.items()}
    async with (
        archiver(here.environment | settings | {"HEADWATER_GRPC_PORT": str(port)}),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield ArchiveServiceStub(channel)


async def recorded(here: Stage, sent: Recording, **options: object) -> Broadcast:
    """A recording that is complete; an archiver must be there."""
    broadcast = await here.begin()
    await broadcast.send_all(sent, **options)  # type: ignore[arg-type]
    await broadcast.end()
    await until(lambda: here.is_in(broadcast, Playback.RECORDED))
    return broadcast


async def order(stub: Any, media: str, file_format: str) -> DownloadJob:
    job: DownloadJob = await stub.CreateJob(CreateJobRequest(media_id=media, format=file_format), timeout=10)
    return job


async def ended(stub: Any, media: str, file_format: str) -> DownloadJob:
    """The job when it is over."""
    found: list[DownloadJob] = []

    async def is_over() -> bool:
        answer = await stub.GetJobs(GetJobsRequest(media_id=media), timeout=10)
        found[:] = [job for job in answer.jobs if job.format == file_format]
        return found[0].state in (DownloadJob.READY, DownloadJob.FAILED)

    await until(is_over)
    return found[0]


async def refusal(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), str(caught.value.details())


async def test_mp4_and_m4a_have_every_frame(here: Stage, tmp_path: Path) -> None:
    """The files' coded frames are those sent, their times differ by one constant, and the job tells its end."""
    sent = encode(**SENT)
    async with asking(here) as stub:
        broadcast = await recorded(here, sent)
        media = broadcast.record.broadcast_id
        for file_format in ("MP4", "M4A"):
            assert (await order(stub, media, file_format)).state == DownloadJob.WAITING
        mp4, m4a = [await ended(stub, media, file_format) for file_format in ("MP4", "M4A")]
        assert await order(stub, media, "MP4") == mp4
        said = [fact.download_progressed for fact in await facts_of(here) if fact.HasField("download_progressed")]

    for job in (mp4, m4a):
        assert (job.state, job.percent, job.error) == (DownloadJob.READY, 100.0, "")
        path = tmp_path / job.format
        path.write_bytes(await needed(here.objects, job.object_key))
        assert path.stat().st_size == job.size_bytes
    assert_every_frame(tmp_path / "MP4", sent, Track.VIDEO)
    assert_every_frame(tmp_path / "MP4", sent, Track.AUDIO)
    assert_every_frame(tmp_path / "M4A", sent, Track.AUDIO)
    assert_times_as_sent(tmp_path / "MP4", sent)
    assert [(each.state, each.percent) for each in said if each.format == "MP4"][-1] == ("READY", 100.0)


def assert_times_as_sent(path: Path, sent: Recording) -> None:
    """PTS and DTS differ from those sent by one constant, the same for both tracks, within 1 ms."""
    constants = []
    for track in Track:
        units = [unit for unit in sent.units if unit.track is track]
        for frame, unit in zip(framemd5(path, "va"[track]), units, strict=True):
            constants.append(frame.dts - Fraction(unit.dts, CLOCK_RATE))
            constants.append(frame.pts - Fraction(unit.dts + unit.cts, CLOCK_RATE))
    assert max(constants) - min(constants) <= Fraction(2, 1000)


async def test_order_that_cannot_be_is_refused_in_words(here: Stage) -> None:
    """Unknown media, unknown formats, and recordings that are not complete."""
    async with asking(here) as stub:
        live = await here.begin()
        media = live.record.broadcast_id
        code, words = await refusal(stub.CreateJob(CreateJobRequest(media_id=media, format="MP4"), timeout=10))
        assert (code, words) == (grpc.StatusCode.FAILED_PRECONDITION, "the recording is not complete yet")
        code, words = await refusal(stub.CreateJob(CreateJobRequest(media_id=media, format="AVI"), timeout=10))
        assert (code, words) == (grpc.StatusCode.INVALID_ARGUMENT, "format must be one of MP4, M4A")
        code, _ = await refusal(stub.CreateJob(CreateJobRequest(media_id=new_id(), format="MP4"), timeout=10))
        assert code == grpc.StatusCode.NOT_FOUND
        livestream = live.record.livestream_id
        code, _ = await refusal(stub.CreateJob(CreateJobRequest(media_id=livestream, format="MP4"), timeout=10))
        assert code == grpc.StatusCode.NOT_FOUND
        code, _ = await refusal(stub.DeleteRecording(DeleteRecordingRequest(media_id=media), timeout=10))
        assert code == grpc.StatusCode.FAILED_PRECONDITION
        code, _ = await refusal(stub.DeleteRecording(DeleteRecordingRequest(media_id=new_id()), timeout=10))
        assert code == grpc.StatusCode.NOT_FOUND


async def test_failed_job_says_why_and_may_be_ordered_again(here: Stage) -> None:
    """A recording without sound has no M4A; one whose segment is away has no MP4 until it is back."""
    async with asking(here) as stub:
        silent = await recorded(here, encode(), tracks=(Track.VIDEO,))
        await order(stub, silent.record.broadcast_id, "M4A")
        job = await ended(stub, silent.record.broadcast_id, "M4A")
        assert (job.state, job.error) == (DownloadJob.FAILED, "the recording has no sound")

        key = keys.segment(silent.record.store_prefix, "video", 1)
        data = await needed(here.objects, key)
        await here.objects.delete([key])
        await order(stub, silent.record.broadcast_id, "MP4")
        job = await ended(stub, silent.record.broadcast_id, "MP4")
        assert job.state == DownloadJob.FAILED
        assert key in job.error
        await here.objects.put(key, data)
        assert (await order(stub, silent.record.broadcast_id, "MP4")).state == DownloadJob.WAITING
        assert (await ended(stub, silent.record.broadcast_id, "MP4")).state == DownloadJob.READY


async def test_recording_that_cannot_be_read_fails_its_job_once(here: Stage) -> None:
    """An index of foreign bytes ends the job in words; it is not begun again and again."""
    async with asking(here) as stub:
        broadcast = await recorded(here, encode())
        await here.objects.put(keys.index(broadcast.record.store_prefix, 0), b"\xff" * 64)
        await order(stub, broadcast.record.broadcast_id, "MP4")
        job = await ended(stub, broadcast.record.broadcast_id, "MP4")

    assert (job.state, job.error) == (DownloadJob.FAILED, "the recording cannot be read")


async def test_job_of_a_killed_archiver_is_begun_again(here: Stage, tmp_path: Path) -> None:
    """The archiver that makes a file is killed with -9; another one makes it."""
    sent = encode(seconds=120, gop_s=1.0)
    async with asking(here, CONVERSIONS="0") as stub:
        broadcast = await recorded(here, sent)
        media = broadcast.record.broadcast_id
        await order(stub, media, "MP4")
        jobs = await here.spine.bucket(subjects.JOBS)

        async def is_running() -> bool:
            record = await jobs.get(f"{media}.MP4")
            return record is not None and DownloadJob.FromString(record.value).state == DownloadJob.RUNNING

        async with child(here.environment) as doomed:
            await until(is_running)
            doomed.kill()
        assert await is_running()
        async with child(here.environment):
            job = await ended(stub, media, "MP4")

    assert job.state == DownloadJob.READY
    path = tmp_path / "MP4"
    path.write_bytes(await needed(here.objects, job.object_key))
    assert_every_frame(path, sent, Track.VIDEO)
    assert_every_frame(path, sent, Track.AUDIO)


async def test_deleted_file_leaves_the_recording_and_may_be_ordered_again(here: Stage) -> None:
    """File and order go, the other file stays; again it is the same; a new order makes the file anew."""
    async with asking(here) as stub:
        broadcast = await recorded(here, encode())
        media, prefix = broadcast.record.broadcast_id, broadcast.record.store_prefix
        for file_format in ("MP4", "M4A"):
            await order(stub, media, file_format)
            await ended(stub, media, file_format)
        for _ in range(2):
            await stub.DeleteJob(DeleteJobRequest(media_id=media, format="MP4"), timeout=10)

        assert not await here.objects.exists(keys.download(prefix, "MP4"))
        assert await here.objects.exists(keys.download(prefix, "M4A"))
        left = (await stub.GetJobs(GetJobsRequest(media_id=media), timeout=10)).jobs
        assert [job.format for job in left] == ["M4A"]
        assert (await order(stub, media, "MP4")).state == DownloadJob.WAITING
        assert (await ended(stub, media, "MP4")).state == DownloadJob.READY
        assert await here.objects.exists(keys.download(prefix, "MP4"))
        code, _ = await refusal(stub.DeleteJob(DeleteJobRequest(media_id=media, format="AVI"), timeout=10))
        assert code == grpc.StatusCode.INVALID_ARGUMENT


async def test_file_deleted_while_it_is_made_is_not_kept(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes it notices when it is there, and removes it."""
    has_begun, may_go_on = asyncio.Event(), asyncio.Event()
    make = Conversion.run

    async def held_up(conversion: Conversion) -> int:
        has_begun.set()
        await may_go_on.wait()
        return await make(conversion)

    monkeypatch.setattr(Conversion, "run", held_up)
    async with asking(here) as stub:
        broadcast = await recorded(here, encode())
        media = broadcast.record.broadcast_id
        leases = await here.spine.bucket(subjects.LEASES)
        await order(stub, media, "MP4")
        await has_begun.wait()
        await stub.DeleteJob(DeleteJobRequest(media_id=media, format="MP4"), timeout=10)
        may_go_on.set()

        async def is_let_go() -> bool:
            return await leases.get(f"job.{media}.MP4") is None

        await until(is_let_go)
        assert not (await stub.GetJobs(GetJobsRequest(media_id=media), timeout=10)).jobs
        assert not await here.objects.exists(keys.download(broadcast.record.store_prefix, "MP4"))


async def test_deleted_recording_leaves_nothing(here: Stage) -> None:
    """Objects, orders and log go, the playback record says so, a fact tells it once; again it is the same."""
    async with asking(here) as stub:
        broadcast = await recorded(here, encode())
        media = broadcast.record.broadcast_id
        await order(stub, media, "MP4")
        await ended(stub, media, "MP4")
        for _ in range(2):
            await stub.DeleteRecording(DeleteRecordingRequest(media_id=media), timeout=10)

        assert await here.is_in(broadcast, Playback.GONE)
        assert await here.objects.list("") == []
        assert not (await stub.GetJobs(GetJobsRequest(media_id=media), timeout=10)).jobs
        assert await here.count(broadcast.cmaf, f"cmaf.0.{media}.*") == 1
        code, _ = await refusal(stub.CreateJob(CreateJobRequest(media_id=media, format="MP4"), timeout=10))
        assert code == grpc.StatusCode.NOT_FOUND
    deleted = [fact for fact in await facts_of(here) if fact.HasField("recording_deleted")]
    assert [fact.id for fact in deleted] == [f"{media}-deleted"]


async def test_recording_deleted_before_it_is_complete_stays_deleted(here: Stage) -> None:
    """Segments that are stored after the order go with the end message."""
    broadcast = await here.begin()
    await broadcast.send_all(encode())

    def end(playback: Playback) -> None:
        playback.state = Playback.ENDED

    await here.playback.change(broadcast.record.broadcast_id, end)
    async with asking(here) as stub:
        await until(lambda: here.is_worked_off(broadcast))
        await stub.DeleteRecording(DeleteRecordingRequest(media_id=broadcast.record.broadcast_id), timeout=10)
        late = Segment()
        late.CopyFrom(broadcast.segments[-1])
        await broadcast.announce(late, msg_id="late")
        await broadcast.end()
        await until(lambda: is_empty(here, broadcast))

    assert await here.is_in(broadcast, Playback.GONE)
    assert await here.objects.list("") == []


async def is_empty(here: Stage, broadcast: Broadcast) -> bool:
    return await here.count(broadcast.cmaf, broadcast.segment_subject) == 0
