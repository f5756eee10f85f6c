"""Clips that were copied and never written down, as whoever ordered them died between: their room is given back."""

import asyncio

from headwater.internal.v1.onair_pb2 import Playback
from services.api.recordings import BREATH, Recordings
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
        for place, stored in enumerate(records.playback.items()):
            if place % BREATH == 0:
                await asyncio.sleep(0)
            is_clip = bool(stored.record.clipped_from) and stored.record.state == Playback.RECORDED
            if is_clip and records.media.peek(stored.key) is None:
                found.append(stored.key)
        return found
