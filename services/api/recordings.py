"""Recordings as people order them: what the archiver is asked to do, and what then becomes of the records."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord, MediaRecord
from headwater.internal.v1.services_pb2 import (
    CreateClipRequest,
    CreateJobRequest,
    DeleteJobRequest,
    DeleteRecordingRequest,
)
from headwater.v1.media_pb2 import Media
from services.api.breath import breathing
from services.api.caller import DEFAULT, caller, tenant_of
from services.api.once import id_of, is_noted
from services.api.records import Records
from services.api.repository import Stored
from services.api.telling import Telling
from services.api.unmade_clips import UnmadeClips
from services.common.clip_jobs import clip_job
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.log import get_logger
from services.common.rpc_channel import ask

if TYPE_CHECKING:  # the name stands in the stub file alone
    from headwater.internal.v1.services_pb2_grpc import ArchiveServiceAsyncStub

_log = get_logger(__name__)


class Archive(Protocol):
    """The archiver's orders, as far as api gives them. Errors: AppError, UNAVAILABLE if it is away."""

    async def create_job(self, media: str, file_format: str) -> DownloadJob: ...

    async def delete_job(self, media: str, file_format: str) -> None: ...

    async def delete_recording(self, media: str) -> None: ...

    async def create_clip(self, media: str, clip: str, start_us: int, end_us: int) -> DownloadJob: ...


class RemoteArchive:
    """The archiver over gRPC."""

    def __init__(self, stub: "ArchiveServiceAsyncStub") -> None:
        self._stub = stub

    async def create_job(self, media: str, file_format: str) -> DownloadJob:
        return await ask(self._stub.CreateJob(CreateJobRequest(media_id=media, format=file_format)))

    async def delete_job(self, media: str, file_format: str) -> None:
        await ask(self._stub.DeleteJob(DeleteJobRequest(media_id=media, format=file_format)))

    async def delete_recording(self, media: str) -> None:
        await ask(self._stub.DeleteRecording(DeleteRecordingRequest(media_id=media)))

    async def create_clip(self, media: str, clip: str, start_us: int, end_us: int) -> DownloadJob:
        request = CreateClipRequest(media_id=media, clip_id=clip, start_us=start_us, end_us=end_us)
        return await ask(self._stub.CreateClip(request))


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operator has set. Microseconds."""

    restore_us: int
    """How long a deleted recording can be restored."""
    download_us: int
    """Of longer ones no files are made."""


@dataclass(frozen=True)
class Recordings:
    """The domain's media."""

    records: Records
    archive: Archive
    telling: Telling
    clock: Clock
    limits: Limits

    async def get(self, media: str) -> Stored[MediaRecord]:
        """AppError(NOT_FOUND) if there is none, or it is another tenant's. One that can be restored is found."""
        stored = await self.records.media.get(media)
        if stored is None or not is_callers(stored.record):
            raise AppError(Kind.NOT_FOUND, f"there is no media {media}")
        return stored

    async def get_present(self, media: str) -> Stored[MediaRecord]:
        """AppError(FAILED_PRECONDITION) if it is deleted."""
        stored = await self.get(media)
        if stored.record.delete_time_us:
            raise AppError(Kind.FAILED_PRECONDITION, "the media is deleted; restore it first")
        return stored

    async def prefix(self, media: str) -> str:
        """What all its keys in the store begin with. AppError(FAILED_PRECONDITION) where it has none there."""
        playback = await self.records.playback.get(media)
        if playback is None or not playback.record.store_prefix:
            raise AppError(Kind.FAILED_PRECONDITION, "the recording is not in the store")
        return playback.record.store_prefix

    def files(self, media: str) -> list[DownloadJob]:
        """The files that were ordered from a recording, oldest order first; the archiver keeps them up to date."""
        jobs = [stored.record for stored in self.records.jobs.items(media) if stored.key != clip_job(media)]
        return sorted(jobs, key=lambda job: (job.order_time_us, job.format))

    def clip_percent(self, media: str) -> float:
        """How much of a clip is made, as far as the read model knows."""
        job = self.records.jobs.peek(clip_job(media))
        return job.record.percent if job is not None else 0.0

    @cached_property
    def unmade(self) -> UnmadeClips:
        """The clips that are being made."""
        return UnmadeClips(self.records.media)

    async def order_file(self, stored: Stored[MediaRecord], file_format: str) -> DownloadJob:
        """AppError(FAILED_PRECONDITION) before the recording is complete, and of one that is too long."""
        if stored.record.state != Media.READY:
            raise AppError(Kind.FAILED_PRECONDITION, "files can be made once the recording is complete")
        if stored.record.duration_us > self.limits.download_us:
            hours = self.limits.download_us / 3.6e9
            raise AppError(Kind.FAILED_PRECONDITION, f"files are made of recordings of at most {hours:g} h")
        return await self.archive.create_job(stored.key, file_format)

    async def delete_file(self, stored: Stored[MediaRecord], file_format: str) -> None:
        """AppError(NOT_FOUND) if none was ordered in that format, or it is deleted already."""
        if await self.records.jobs.look_up(f"{stored.key}.{file_format}") is None:
            raise AppError(Kind.NOT_FOUND, f"the media has no {file_format} file")
        await self.archive.delete_job(stored.key, file_format)

    async def update(
        self, stored: Stored[MediaRecord], record: MediaRecord, fields: frozenset[str], order: str = ""
    ) -> Stored[MediaRecord]:
        """Write over what was read. AppError(CONFLICT) if somebody else has written meanwhile.

        `order` is the id under which the change is written down, so that it is known when it comes again.
        """
        if not fields:
            return stored
        record.last_change.CopyFrom(self.telling.change("updated", fields, fact_id=order))
        record.update_time_us = max(self.now_us(), stored.record.update_time_us + 1)
        written = await self.records.media.update(record.id, record, stored.revision)
        self.telling.media(record, record.last_change)
        return written

    async def delete(self, stored: Stored[MediaRecord]) -> None:
        """It can be restored until its purge time; until then nobody may watch it. Twice is as once."""
        if stored.record.delete_time_us:
            return
        _check_complete(stored.record)

        def mark(record: MediaRecord) -> None:
            record.delete_time_us = self.now_us()
            record.purge_time_us = record.delete_time_us + self.limits.restore_us

        await self._order(stored, mark, "deleted")

    async def restore(self, stored: Stored[MediaRecord]) -> Stored[MediaRecord]:
        """AppError(FAILED_PRECONDITION) if it is not deleted."""
        order = id_of(f"restore/{stored.key}")
        if self.is_again(stored, order):
            return await self.again(stored)
        if not stored.record.delete_time_us:
            raise AppError(Kind.FAILED_PRECONDITION, "the media is not deleted")
        if await self._is_gone(stored.key):
            raise AppError(Kind.FAILED_PRECONDITION, "the media is being deleted for good")

        def unmark(record: MediaRecord) -> None:
            record.delete_time_us = record.purge_time_us = 0
            if 0 < record.scheduled_delete_time_us <= self.now_us():
                record.scheduled_delete_time_us = 0

        return await self._order(stored, unmark, "restored", order)

    async def _order(
        self, stored: Stored[MediaRecord], edit: Callable[[MediaRecord], None], kind: str, order: str = ""
    ) -> Stored[MediaRecord]:
        change = self.telling.change(kind, fact_id=order)

        def apply(record: MediaRecord | None) -> MediaRecord | None:
            if record is None:
                raise AppError(Kind.NOT_FOUND, f"there is no media {stored.key}")
            edit(record)
            record.last_change.CopyFrom(change)
            record.update_time_us = max(self.now_us(), record.update_time_us + 1)
            return record

        written = await self.records.media.change(stored.key, apply)
        if written is None:
            raise AppError(Kind.NOT_FOUND, f"there is no media {stored.key}")
        self.telling.media(written.record, change)
        await self.withhold(written.record)
        return written

    def is_again(self, stored: Stored[MediaRecord], order: str) -> bool:
        """Whether the order of this id was the last one to be carried out."""
        return is_noted([stored.record.last_change], order, self.now_us())

    async def again(self, stored: Stored[MediaRecord]) -> Stored[MediaRecord]:
        """An order that came a second time: nothing is written, and what must follow does."""
        self.telling.media(stored.record, stored.record.last_change)
        await self.withhold(stored.record)
        return stored

    def is_withheld_rightly(self, record: MediaRecord) -> bool:
        """Whether origins show it if and only if it is not deleted, as far as the read model knows."""
        playback = self.records.playback.peek(record.id)
        return playback is None or playback.record.is_withheld is bool(record.delete_time_us)

    async def withhold(self, record: MediaRecord) -> None:
        """Let origins know whether anybody may watch it. Repeatable."""

        def edit(playback: Playback | None) -> Playback | None:
            if playback is not None:
                playback.is_withheld = bool(record.delete_time_us)
            return playback

        await self.records.playback.change(record.id, edit)
        newest = await self.records.playback.get(record.livestream_id)
        if newest is not None and newest.record.broadcast_id == record.id:
            await self.records.playback.change(record.livestream_id, edit)

    async def purge(self, stored: Stored[MediaRecord]) -> None:
        """Delete it for good: first the store, then the record, so that nothing is lost from sight that still takes
        room. Repeatable; what is broken off is shown as deleted (media_chronicle.py), and a sweep goes on with it.

        AppError(FAILED_PRECONDITION) while a clip is made of it.
        """
        _check_complete(stored.record)
        if self.unmade.are_of(stored.key):
            raise AppError(
                Kind.FAILED_PRECONDITION, "a clip of it is being made; wait for it, or delete the clip first"
            )
        await self._delete_stored(stored)
        await self.records.broadcasts.change(stored.key, _without_media)
        self.telling.media_gone(stored.record)
        await self.telling.settle()
        await self.records.media.delete(stored.key)

    async def _is_gone(self, media: str) -> bool:
        """Whether the archiver has begun to remove it from the store."""
        playback = await self.records.playback.get(media)
        return playback is not None and playback.record.state == Playback.GONE

    async def _delete_stored(self, stored: Stored[MediaRecord]) -> None:
        try:
            await self.archive.delete_recording(stored.key)
        except AppError as error:
            was_stored = not self.unmade.has(stored.key) and await self.records.playback.look_up(stored.key) is not None
            if error.kind is not Kind.NOT_FOUND or was_stored:
                raise

    async def sweep(self) -> None:
        """Purge what is due: deleted long enough ago, or to be deleted by now."""
        now_us = self.now_us()
        async for stored in breathing(self.records.media.each()):
            record = stored.record
            is_due = 0 < record.purge_time_us <= now_us or 0 < record.scheduled_delete_time_us <= now_us
            if is_due and record.state != Media.RECORDING:
                await self._purge_due(stored)
            elif not self.is_withheld_rightly(record):
                await self.withhold(record)

    async def _purge_due(self, stored: Stored[MediaRecord]) -> None:
        """One that cannot be deleted must not keep the others from it."""
        try:
            await self.purge(stored)
        except AppError as error:
            if error.kind is Kind.UNAVAILABLE:
                raise  # of the others, too
            _log.warning("a recording could not be deleted", media=stored.key, reason=error.detail)

    def now_us(self) -> int:
        return round(self.clock.now() * 1e6)


def is_callers(record: MediaRecord) -> bool:
    """Whether the present caller may know of it."""
    who = caller()
    return tenant_of(record) == who.tenant_id and who.app_id in {"", record.app_id or DEFAULT}


def _check_complete(record: MediaRecord) -> None:
    if record.state == Media.RECORDING:
        raise AppError(Kind.FAILED_PRECONDITION, "the recording is still growing; end the broadcast first")


def _without_media(record: BroadcastRecord | None) -> BroadcastRecord | None:
    if record is not None:
        record.is_media_deleted = True
    return record
