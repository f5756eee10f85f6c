"""A small honest archiver: takes orders over gRPC and keeps jobs in the bucket, as the real one does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from headwater.internal.v1.services_pb2 import (
    CreateClipRequest,
    CreateJobRequest,
    DeleteJobRequest,
    DeleteRecordingRequest,
    GetJobsRequest,
    GetJobsResponse,
)
from headwater.internal.v1.services_pb2_grpc import ArchiveServiceServicer, add_ArchiveServiceServicer_to_server
from services.common.clip_jobs import CLIP, clip_job
from tests.api.running import Others


class SmallArchiver(ArchiveServiceServicer):
    """`deleted` says what it has deleted. A clip is made at once, or with `is_slow` when it is told to go on."""

    def __init__(self, others: Others) -> None:
        self._others = others
        self.deleted: list[str] = []
        self.is_slow = False
        self.is_store_away = False

    def CreateJob(self, request: CreateJobRequest, _context: Any) -> DownloadJob:  # noqa: N802  gRPC's
        job = DownloadJob(media_id=request.media_id, format=request.format, state=DownloadJob.WAITING)
        self._others.put("jobs", f"{request.media_id}.{request.format}", job)
        return job

    def GetJobs(self, _request: GetJobsRequest, _context: Any) -> GetJobsResponse:  # noqa: N802  gRPC's
        return GetJobsResponse()

    def DeleteJob(self, request: DeleteJobRequest, _context: Any) -> Empty:  # noqa: N802  gRPC's
        self._others.remove("jobs", f"{request.media_id}.{request.format}")
        return Empty()

    def CreateClip(self, request: CreateClipRequest, _context: Any) -> DownloadJob:  # noqa: N802  gRPC's
        job = DownloadJob(media_id=request.clip_id, format=CLIP, state=DownloadJob.RUNNING, percent=40.0)
        job.source_id, job.start_us, job.end_us = request.media_id, request.start_us, request.end_us
        self._others.put("jobs", clip_job(request.clip_id), job)
        if not self.is_slow:
            self.finish_clip(job)
        return job

    def finish_clip(self, job: DownloadJob) -> None:
        """The clip is made."""
        source = Playback.FromString(self._others.get("playback", job.source_id) or b"")
        self._others.put("playback", job.media_id, clip_of(source, job.media_id, job.start_us, job.end_us))
        self._others.remove("jobs", clip_job(job.media_id))

    def fail_clip(self, job: DownloadJob, reason: str) -> None:
        """It cannot be made."""
        job.state, job.error = DownloadJob.FAILED, reason
        self._others.put("jobs", clip_job(job.media_id), job)

    def clip(self, clip: str) -> DownloadJob:
        """The job of a clip that was ordered."""
        return DownloadJob.FromString(self._others.get("jobs", clip_job(clip)) or b"")

    def DeleteRecording(self, request: DeleteRecordingRequest, context: Any) -> Empty:  # noqa: N802  gRPC's
        if self.is_store_away:
            record = Playback.FromString(self._others.get("playback", request.media_id) or b"")
            record.state = Playback.GONE  # viewers first
            self._others.put("playback", request.media_id, record)
            context.abort(grpc.StatusCode.UNAVAILABLE, "the store is away")
        self.deleted.append(request.media_id)
        return Empty()


def clip_of(source: Playback, clip: str, start_us: int, end_us: int) -> Playback:
    """A clip cut outwards to whole two seconds, a megabyte each second."""
    start, end = start_us // 2_000_000, -(-end_us // 2_000_000)
    return Playback(
        livestream_id=source.livestream_id,
        broadcast_id=clip,
        store_prefix=f"{clip}-secret",
        state=Playback.RECORDED,
        is_recorded=True,
        segment_count=end - start,
        size_bytes=(end - start) * 2_000_000,
        duration_us=(end - start) * 2_000_000,
        clipped_from=source.broadcast_id,
    )


@contextmanager
def small_archiver(others: Others, port: int) -> Iterator[SmallArchiver]:
    archiver = SmallArchiver(others)
    server = grpc.server(ThreadPoolExecutor(2))
    add_ArchiveServiceServicer_to_server(archiver, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield archiver
    finally:
        server.stop(0).wait()
