"""A small honest archiver: takes orders over gRPC and keeps jobs in the bucket, as the real one does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.onair_pb2 import DownloadJob
from headwater.internal.v1.services_pb2 import (
    CreateJobRequest,
    DeleteJobRequest,
    DeleteRecordingRequest,
    GetJobsRequest,
    GetJobsResponse,
)
from headwater.internal.v1.services_pb2_grpc import ArchiveServiceServicer, add_ArchiveServiceServicer_to_server
from tests.api.running import Others


class SmallArchiver(ArchiveServiceServicer):
    """`deleted` says what it was told to delete."""

    def __init__(self, others: Others) -> None:
        self._others = others
        self.deleted: list[str] = []

    def CreateJob(self, request: CreateJobRequest, _context: Any) -> DownloadJob:  # noqa: N802  gRPC's
        job = DownloadJob(media_id=request.media_id, format=request.format, state=DownloadJob.WAITING)
        self._others.put("jobs", f"{request.media_id}.{request.format}", job)
        return job

    def GetJobs(self, _request: GetJobsRequest, _context: Any) -> GetJobsResponse:  # noqa: N802  gRPC's
        return GetJobsResponse()

    def DeleteJob(self, request: DeleteJobRequest, _context: Any) -> Empty:  # noqa: N802  gRPC's
        self._others.remove("jobs", f"{request.media_id}.{request.format}")
        return Empty()

    def DeleteRecording(self, request: DeleteRecordingRequest, _context: Any) -> Empty:  # noqa: N802  gRPC's
        self.deleted.append(request.media_id)
        return Empty()


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
