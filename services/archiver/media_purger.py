"""Purges the media log as packagers use it up, whatever the store does: design.md section 4, point 6.

Each segment message says from where on its packager, or an heir of it, still needs the media; what a failover may go
back to in the other instance's is after that. What lies before is in the CMAF log, which keeps it until it is stored.
So while the store is away one log grows and not two.
"""

import asyncio

from google.protobuf.message import DecodeError

from headwater.internal.v1.cmaf_pb2 import Segment
from services.archiver import retention
from services.archiver.retention import Rounds
from services.archiver.surroundings import Logs
from services.common import subjects
from services.common.bus.entry import Entry
from services.common.bus.errors import BusError
from services.common.log import get_logger

_INSTANCES = ("primary", "secondary")

_log = get_logger(__name__)


class MediaPurger:
    """Follows the segment messages for itself: the archivers' consumer hands them out only as segments are stored.

    Every archiver does so. A purge that was made before finds nothing.
    """

    def __init__(self) -> None:
        self._rounds = Rounds()

    async def follow(self, logs: Logs) -> None:
        """Purge one shard, for ever, from what its waiting segments say on."""
        async with logs.cmaf.read([subjects.segments(logs.shard)]) as entries:
            async for entry in entries:
                try:
                    await self.note(logs, entry)
                except BusError as error:
                    _log.debug("media was not purged; the next round will", reason=repr(error))

    async def note(self, logs: Logs, entry: Entry) -> None:
        """Take note of a segment or end message, and purge if it is time. Errors: BusError."""
        try:
            segment = Segment.FromString(entry.payload)
        except DecodeError:
            return  # the archivers' consumer says so aloud
        broadcast = segment.broadcast_id
        if segment.HasField("end"):
            self._rounds.forget(broadcast)
            await logs.media.purge(subjects.media(logs.shard, "*", broadcast))
        elif (noted := self._rounds.note(segment)) is not None:
            await asyncio.gather(*(_purge(logs, instance, broadcast, noted.media) for instance in _INSTANCES))


async def _purge(logs: Logs, instance: str, broadcast: str, used_up: int) -> None:
    subject = subjects.media(logs.shard, instance, broadcast)
    last = await logs.media.last(subject)
    bound = retention.media_bound(used_up, None if last is None else last.sequence)
    await logs.media.purge(subject, before=bound)
