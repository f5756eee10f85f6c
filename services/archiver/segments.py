"""One closed segment: out of the log, into the object store.

Done twice, by one archiver or by two, or begun and begun again, it comes to the same.
"""

from headwater.internal.v1.cmaf_pb2 import Segment
from headwater.internal.v1.onair_pb2 import Playback
from services.archiver.counts import failed_fact
from services.archiver.index import lost
from services.archiver.pieces import BrokenSegmentError, cut_out
from services.archiver.surroundings import Logs, Surroundings
from services.common.facts import say
from services.common.log import get_logger

_log = get_logger(__name__)


class Segments:
    """Stores segments."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def keep(self, logs: Logs, segment: Segment, message: bytes, *, is_repeated: bool) -> bool:
        """Store a segment; False if there was nothing to do. Errors: Unavailable (the bus)."""
        result = await self._keep(logs, segment, message, is_repeated=is_repeated)
        self._around.counts.segment(result)
        return result == "stored"

    async def _keep(self, logs: Logs, segment: Segment, message: bytes, *, is_repeated: bool) -> str:
        recordings = self._around.recordings
        if not segment.record:
            return "unwanted"
        if is_repeated:
            if await self._is_gone(segment.broadcast_id):
                return "unwanted"
            if await recordings.has_segment(segment.store_prefix, segment.msn):
                return "repeated"
        began = self._around.clock.monotonic()
        entries = await logs.cmaf.get_many(segment.sequences)
        try:
            pieces = cut_out(segment, ((entry.sequence, entry.payload) for entry in entries))
        except BrokenSegmentError as error:
            if await recordings.has_segment(segment.store_prefix, segment.msn):
                return "repeated"
            await self.lose(segment, str(error))
            return "lost"
        await self._around.recordings.put_segment(segment, pieces, message)
        self._around.counts.store_duration.observe(self._around.clock.monotonic() - began)
        self._around.counts.stored_bytes.inc(sum(rendition.length for rendition in segment.renditions))
        return "stored"

    async def lose(self, segment: Segment, reason: str) -> None:
        """Say aloud that a segment is lost, and record it as a gap, so that the recording can still be completed."""
        _log.error("a segment is lost", broadcast=segment.broadcast_id, msn=segment.msn, reason=reason)
        whose = Playback(livestream_id=segment.livestream_id, broadcast_id=segment.broadcast_id)
        say(self._around.facts, failed_fact(whose, segment.msn, reason, self._around.now_us))
        gap = lost(segment).SerializeToString()
        await self._around.recordings.put_record(segment.store_prefix, segment.msn, gap)

    async def _is_gone(self, broadcast: str) -> bool:
        record = await self._around.playback.get(broadcast)
        return record is not None and record.state == Playback.GONE
