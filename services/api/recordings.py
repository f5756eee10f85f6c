"""Recordings as people order them: what the archiver is asked to do, and what then becomes of the records."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from headwater.internal.v1.onair_pb2 import DownloadJob
from headwater.internal.v1.records_pb2 import BroadcastRecord, MediaRecord
from headwater.internal.v1.services_pb2 import CreateJobRequest, DeleteRecordingRequest
from headwater.v1.media_pb2 import Media
from services.api.records import Records
from services.api.repository import Stored
from services.common.errors import AppError, Kind
from services.common.rpc_channel import ask

if TYPE_CHECKING:  # the name stands in the stub file alone
    from headwater.internal.v1.services_pb2_grpc import ArchiveServiceAsyncStub


class Archive(Protocol):
    """The archiver's orders, as far as api gives them. Errors: AppError, UNAVAILABLE if it is away."""

    async def create_job(self, media: str, file_format: str) -> DownloadJob: ...

    async def delete_recording(self, media: str) -> None: ...


class RemoteArchive:
    """The archiver over gRPC."""

    def __init__(self, stub: "ArchiveServiceAsyncStub") -> None:
        self._stub = stub

    async def create_job(self, media: str, file_format: str) -> DownloadJob:
        return await ask(self._stub.CreateJob(CreateJobRequest(media_id=media, format=file_format)))

    async def delete_recording(self, media: str) -> None:
        await ask(self._stub.DeleteRecording(DeleteRecordingRequest(media_id=media)))


@dataclass(frozen=True)
class Recordings:
    """The domain's media."""

    records: Records
    archive: Archive

    async def get(self, media: str) -> Stored[MediaRecord]:
        """AppError(NOT_FOUND) if there is none."""
        stored = await self.records.media.get(media)
        if stored is None:
            raise AppError(Kind.NOT_FOUND, f"there is no media {media}")
        return stored

    def files(self, media: str) -> list[DownloadJob]:
        """The files that were ordered from a recording, oldest order first; the archiver keeps them up to date."""
        jobs = [stored.record for stored in self.records.jobs.items(media)]
        return sorted(jobs, key=lambda job: (job.order_time_us, job.format))

    async def order_file(self, stored: Stored[MediaRecord], file_format: str) -> DownloadJob:
        """AppError(FAILED_PRECONDITION) before the recording is complete."""
        if stored.record.state != Media.READY:
            raise AppError(Kind.FAILED_PRECONDITION, "files can be made once the recording is complete")
        return await self.archive.create_job(stored.key, file_format)

    async def delete(self, stored: Stored[MediaRecord]) -> None:
        """First the store, then the record, so that nothing is lost from sight that still takes room. Repeatable."""
        if stored.record.state == Media.RECORDING:
            raise AppError(Kind.FAILED_PRECONDITION, "the recording is still growing; end the broadcast first")
        await self.archive.delete_recording(stored.key)
        await self.records.broadcasts.change(stored.key, _without_media)
        await self.records.media.delete(stored.key)


def _without_media(record: BroadcastRecord | None) -> BroadcastRecord | None:
    if record is not None:
        record.is_media_deleted = True
    return record
