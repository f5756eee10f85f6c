"""Orders for clips: what may be ordered, and the job that it becomes (clip_making.py)."""

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from headwater.internal.v1.services_pb2 import CreateClipRequest
from services.archiver.job_records import JobRecords
from services.archiver.surroundings import Surroundings
from services.common.clip_jobs import CLIP
from services.common.errors import AppError, Kind
from services.common.ids import new_id


class Clips:
    """Takes orders. Errors of `order`: AppError, Unavailable (the bus)."""

    def __init__(self, around: Surroundings, jobs: JobRecords) -> None:
        self._around = around
        self._jobs = jobs

    async def order(self, wanted: CreateClipRequest) -> DownloadJob:
        """The job, new or as it stands; of a clip that is made, one that is READY.

        Errors: INVALID; NOT_FOUND, also of a deleted clip; FAILED_PRECONDITION before the recording is complete.
        """
        made = await self._around.playback.get(wanted.clip_id)
        if made is not None:
            return _job_of(made)
        source = await self._source(wanted.media_id)
        if source.duration_us:
            check_range(wanted.start_us, wanted.end_us, source.duration_us)
        job = DownloadJob(
            media_id=wanted.clip_id,
            format=CLIP,
            state=DownloadJob.WAITING,
            order_time_us=self._around.now_us,
            source_id=wanted.media_id,
            start_us=wanted.start_us,
            end_us=wanted.end_us,
            store_prefix=f"{wanted.clip_id}-{new_id()}",
        )
        return await self._jobs.order_clip(job)

    async def _source(self, media: str) -> Playback:
        source = await self._around.playback.get(media)
        if source is None or source.broadcast_id != media or source.state == Playback.GONE:
            raise AppError(Kind.NOT_FOUND, f"there is no media {media}", field="media_id")
        if source.state != Playback.RECORDED:
            raise AppError(Kind.FAILED_PRECONDITION, "the recording is not complete yet")
        return source


def check_range(start_us: int, end_us: int, duration_us: int) -> None:
    """AppError(INVALID) for a piece that a media of this length has not."""
    if start_us < 0:
        raise AppError(Kind.INVALID, "must not be before the beginning", field="start")
    if start_us >= end_us:
        raise AppError(Kind.INVALID, "must be before end", field="start")
    if end_us > duration_us:
        raise AppError(Kind.INVALID, f"is beyond the end: the media lasts {duration_us / 1e6:.3f} s", field="end")


def gone_clip(job: DownloadJob, source: Playback) -> Playback:
    """What is written of a clip that was deleted before it was made."""
    return Playback(
        livestream_id=source.livestream_id,
        tenant_id=source.tenant_id,
        shard=source.shard,
        broadcast_id=job.media_id,
        store_prefix=job.store_prefix,
        state=Playback.GONE,
        clipped_from=job.source_id,
    )


def _job_of(made: Playback) -> DownloadJob:
    if made.state == Playback.GONE or not made.clipped_from:
        raise AppError(Kind.NOT_FOUND, f"there is no clip {made.broadcast_id}", field="clip_id")
    return DownloadJob(
        media_id=made.broadcast_id,
        format=CLIP,
        state=DownloadJob.READY,
        percent=100.0,
        source_id=made.clipped_from,
        size_bytes=made.size_bytes,
    )
