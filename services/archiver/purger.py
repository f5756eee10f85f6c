"""Takes from the logs what `retention` says may go.

Which segments wait is read off the log itself: a segment's message is removed when the segment is stored, so the oldest
message of its subject is the oldest one that waits.
"""

import asyncio

from headwater.internal.v1.cmaf_pb2 import Segment
from services.archiver import retention
from services.archiver.retention import Bounds
from services.archiver.surroundings import Logs
from services.common import subjects
from services.common.bus.log import Log

_KNOWN = 10_000
_INSTANCES = ("primary", "secondary")


class Purger:
    """Purges each broadcast every few segments, one round late.

    A round is `retention.PURGE_EACH` segments: whoever has just read where the window begins still finds it there.
    """

    def __init__(self) -> None:
        self._noted: dict[str, Bounds] = {}

    async def note(self, logs: Logs, segment: Segment) -> None:
        """Take note of a segment that needs the log no more, and purge if it is time."""
        if not retention.is_due(segment.msn):
            return
        noted = self._noted.pop(segment.broadcast_id, None)
        if len(self._noted) >= _KNOWN:
            del self._noted[next(iter(self._noted))]
        self._noted[segment.broadcast_id] = retention.bounds_of(segment)
        if noted is not None:
            await self._purge(logs, segment, noted)

    async def _purge(self, logs: Logs, segment: Segment, noted: Bounds) -> None:
        broadcast = segment.broadcast_id
        waiting = await logs.cmaf.first(subjects.segments(logs.shard, broadcast))
        oldest = None if waiting is None else Segment.FromString(waiting.payload)
        last = segment.sequences[-1] if segment.sequences else 0
        bound = retention.cmaf_bound(noted.cmaf, oldest, last)
        await asyncio.gather(
            logs.cmaf.purge(subjects.ticks(logs.shard, broadcast), before=bound),
            *(self._purge_media(logs, instance, broadcast, noted.media) for instance in _INSTANCES),
        )

    async def _purge_media(self, logs: Logs, instance: str, broadcast: str, consumed: int) -> None:
        subject = subjects.media(logs.shard, instance, broadcast)
        last = await logs.media.last(subject)
        bound = retention.media_bound(consumed, None if last is None else last.sequence)
        await logs.media.purge(subject, before=bound)

    async def purge_all(self, logs: Logs, broadcast: str) -> None:
        """Purge an ended broadcast, but for its last tick: that one fences a writer that was paused all the while."""
        self._noted.pop(broadcast, None)
        await asyncio.gather(
            _purge_but_last(logs.cmaf, subjects.ticks(logs.shard, broadcast)),
            logs.cmaf.purge(subjects.segments(logs.shard, broadcast)),
            logs.media.purge(subjects.media(logs.shard, "*", broadcast)),
        )


async def _purge_but_last(log: Log, subject: str) -> None:
    last = await log.last(subject)
    if last is not None:
        await log.purge(subject, before=last.sequence)
