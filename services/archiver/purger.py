"""Takes from the CMAF log what `retention` says may go, and from both logs what an ended broadcast has left.

Which segments wait is read off the log itself: a segment's message is removed when the segment is stored, so the oldest
message of its subject is the oldest one that waits.
"""

import asyncio

from headwater.internal.v1.cmaf_pb2 import Segment
from services.archiver import retention
from services.archiver.retention import Rounds
from services.archiver.surroundings import Logs
from services.common import subjects
from services.common.bus.log import Log


class Purger:
    """Purges each broadcast's ticks every few segments, one round late."""

    def __init__(self) -> None:
        self._rounds = Rounds()

    async def note(self, logs: Logs, segment: Segment) -> None:
        """Take note of a segment that needs the log no more, and purge if it is time."""
        noted = self._rounds.note(segment)
        if noted is None:
            return
        broadcast = segment.broadcast_id
        waiting = await logs.cmaf.first(subjects.segments(logs.shard, broadcast))
        oldest = None if waiting is None else Segment.FromString(waiting.payload)
        last = segment.sequences[-1] if segment.sequences else 0
        bound = retention.cmaf_bound(noted.cmaf, oldest, last)
        await logs.cmaf.purge(subjects.ticks(logs.shard, broadcast), before=bound)

    async def purge_all(self, logs: Logs, broadcast: str) -> None:
        """Purge an ended broadcast, but for its last tick: that one fences a writer that was paused all the while."""
        self._rounds.forget(broadcast)
        await asyncio.gather(
            _purge_but_last(logs.cmaf, subjects.ticks(logs.shard, broadcast)),
            logs.cmaf.purge(subjects.segments(logs.shard, broadcast)),
            logs.media.purge(subjects.media(logs.shard, "*", broadcast)),
        )


async def _purge_but_last(log: Log, subject: str) -> None:
    last = await log.last(subject)
    if last is not None:
        await log.purge(subject, before=last.sequence)
