"""What archivers are asked: to make files and clips of recordings, and to delete them. Any replica may answer."""

from typing import Any

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
from headwater.internal.v1.services_pb2_grpc import ArchiveServiceServicer
from services.archiver.clips import Clips
from services.archiver.conversion import FORMATS
from services.archiver.job_records import JobRecords
from services.archiver.removal import Removal
from services.archiver.surroundings import Surroundings
from services.common.bus.errors import BusError
from services.common.errors import AppError, Kind
from services.common.ids import is_id

_AWAY = AppError(Kind.UNAVAILABLE, "NATS is away", retry_after_s=1.0)


class ArchiveServicer(ArchiveServiceServicer):
    """Answers from the buckets."""

    def __init__(self, around: Surroundings, jobs: JobRecords, removal: Removal, clips: Clips) -> None:
        self._around = around
        self._jobs = jobs
        self._removal = removal
        self._clips = clips

    async def CreateJob(self, request: CreateJobRequest, context: Any) -> DownloadJob:  # noqa: N802  the proto's name
        """Order a file. Errors: INVALID, NOT_FOUND; FAILED_PRECONDITION before the recording is complete."""
        del context
        _check_format(request.format)
        try:
            record = await self._around.playback.get(request.media_id)
            if record is None or record.broadcast_id != request.media_id or record.state == Playback.GONE:
                raise AppError(Kind.NOT_FOUND, f"there is no media {request.media_id}", field="media_id")
            if record.state != Playback.RECORDED:
                raise AppError(Kind.FAILED_PRECONDITION, "the recording is not complete yet")
            return await self._jobs.order(request.media_id, request.format, now_us=self._around.now_us)
        except BusError as error:
            raise _AWAY from error

    async def GetJobs(self, request: GetJobsRequest, context: Any) -> GetJobsResponse:  # noqa: N802  as above
        """All files ordered of a media."""
        del context
        try:
            return GetJobsResponse(jobs=await self._jobs.of(request.media_id))
        except BusError as error:
            raise _AWAY from error

    async def DeleteJob(self, request: DeleteJobRequest, context: Any) -> Empty:  # noqa: N802  as above
        """Delete a file, and the order for it; none is no error. Errors: INVALID."""
        del context
        _check_format(request.format)
        try:
            await self._removal.delete_file(request.media_id, request.format)
        except BusError as error:
            raise _AWAY from error
        return Empty()

    async def CreateClip(self, request: CreateClipRequest, context: Any) -> DownloadJob:  # noqa: N802  as above
        """Order a recording of a piece of another. Errors: INVALID, NOT_FOUND, FAILED_PRECONDITION."""
        del context
        if not is_id(request.clip_id):
            raise AppError(Kind.INVALID, "is no id", field="clip_id")
        try:
            return await self._clips.order(request)
        except BusError as error:
            raise _AWAY from error

    async def DeleteRecording(self, request: DeleteRecordingRequest, context: Any) -> Empty:  # noqa: N802  as above
        """Delete a recording. Errors: NOT_FOUND, FAILED_PRECONDITION."""
        del context
        try:
            await self._removal.delete(request.media_id)
        except BusError as error:
            raise _AWAY from error
        return Empty()


def _check_format(file_format: str) -> None:
    if file_format not in FORMATS:
        raise AppError(Kind.INVALID, f"format must be one of {', '.join(FORMATS)}", field="format")
