"""Clips that were copied and never written down, as whoever ordered them died between: their room is given back."""

from headwater.internal.v1.onair_pb2 import Playback
from services.api.breath import breathing
from services.api.recordings import Recordings
from services.common.log import get_logger

LOST_AFTER_S = 120.0
"""Another replica may be about to write the record; calls end long before this."""

_log = get_logger(__name__)


class LostClips:
    """Looks for them. Every replica does it; deleting one twice is as once."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._since: dict[str, float] = {}

    async def sweep(self) -> None:
        """Delete what has been lost for long enough. Errors: AppError."""
        now, records = self._recordings.clock.monotonic(), self._recordings.records
        self._since = {clip: self._since.get(clip, now) for clip in await self._unwritten()}
        for clip, since in self._since.items():
            if now - since >= LOST_AFTER_S and await records.media.get(clip) is None:
                _log.info("a clip without a record is removed", clip=clip)
                await self._recordings.archive.delete_recording(clip)

    async def _unwritten(self) -> list[str]:
        records, found = self._recordings.records, []
        async for stored in breathing(records.playback.each()):
            record = stored.record
            is_clip = bool(record.clipped_from) and record.state == Playback.RECORDED
            if is_clip and records.media.peek(stored.key) is None:
                found.append(stored.key)
        return found
