"""Clips that whoever ordered them died over: what was not ordered is, what was made is written down, and what nobody
has a record of is given back.
"""

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from services.api.breath import breathing
from services.api.clip_endings import ClipEndings
from services.api.clips import order
from services.api.recordings import Recordings
from services.common.clip_jobs import CLIP, clip_job
from services.common.errors import AppError, Kind
from services.common.log import get_logger

LOST_AFTER_S = 120.0
"""Another replica may just have deleted the record, and an order may be on its way; calls end long before this."""

_log = get_logger(__name__)


class LostClips:
    """Looks for them. Every replica does it; all of it twice is as once."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._unmade = recordings.unmade  # from now on, since it costs little while records are read in
        self._endings = ClipEndings(recordings.records, recordings.telling)
        self._since: dict[str, float] = {}

    async def go_on(self) -> None:
        """Order what is being made by nobody, and write down what has ended; where that cannot be now, another time."""
        for clip in self._unmade.all():
            try:
                await self._go_on(clip)
            except AppError as error:
                _log.info("a clip waits", clip=clip, reason=error.detail)
                return

    async def sweep(self) -> None:
        """Give back what nobody has a record of. Errors: AppError."""
        now, records = self._recordings.clock.monotonic(), self._recordings.records
        self._since = {clip: self._since.get(clip, now) for clip in await self._unwritten()}
        for clip, since in self._since.items():
            if now - since >= LOST_AFTER_S and await records.media.get(clip) is None:
                _log.info("a clip without a record is removed", clip=clip)
                await self._give_back(clip)

    async def _go_on(self, clip: str) -> None:
        """What the read models say of it may be a moment old; each step bears that."""
        records = self._recordings.records
        stored, made, job = records.media.peek(clip), records.playback.peek(clip), records.jobs.peek(clip_job(clip))
        if stored is None:
            return
        if made is not None and made.record.state == Playback.RECORDED:
            await self._endings.finish(made.record)
        elif job is not None and job.record.state == DownloadJob.FAILED:
            await self._endings.fail(clip, job.record.error)
        elif job is None and made is None:
            await order(self._recordings, stored.record)

    async def _give_back(self, clip: str) -> None:
        try:
            await self._recordings.archive.delete_recording(clip)
        except AppError as error:
            if error.kind is not Kind.NOT_FOUND:  # it has gone meanwhile
                raise

    async def _unwritten(self) -> list[str]:
        records, found = self._recordings.records, []
        async for stored in breathing(records.playback.each()):
            record = stored.record
            is_clip = bool(record.clipped_from) and record.state == Playback.RECORDED
            if is_clip and records.media.peek(stored.key) is None:
                found.append(stored.key)
        async for job in breathing(records.jobs.each()):
            clip, _, kind = job.key.partition(".")
            if kind == CLIP and records.media.peek(clip) is None:
                found.append(clip)
        return found
