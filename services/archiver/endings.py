"""The end of a broadcast: the recording is completed, viewers are sent to the store, and the log is let go.

The end message is worked on until all of that has happened; between, it waits in the log for its time to come again,
so that it does not matter which archiver goes on with it.
"""

from headwater.internal.v1.cmaf_pb2 import Recording, Segment
from headwater.internal.v1.onair_pb2 import Playback
from services.archiver.counts import completed_fact
from services.archiver.index import Tally
from services.archiver.indexes import Indexes
from services.archiver.purger import Purger
from services.archiver.retention import grace_left_s
from services.archiver.segments import Segments
from services.archiver.surroundings import Logs, Surroundings
from services.common import subjects
from services.common.bus.consumer import Later
from services.common.facts import say
from services.common.log import get_logger

WAIT_S = 0.2
"""While another archiver stores a segment of a broadcast that has ended."""

_log = get_logger(__name__)


class Endings:
    """Takes end messages. Errors of each: Later, Unavailable (the bus)."""

    def __init__(self, around: Surroundings, segments: Segments, indexes: Indexes, purger: Purger) -> None:
        self._around = around
        self._segments = segments
        self._indexes = indexes
        self._purger = purger

    async def finish(self, logs: Logs, end: Segment, sequence: int) -> None:
        """Do what is due for the end message that lies at this sequence."""
        found = await self._around.playback.get_dated(end.broadcast_id)
        if found is None:
            _log.error("a broadcast without a playback record has ended", broadcast=end.broadcast_id)
            return
        record, changed_us = found
        match record.state:
            case Playback.RECORDED:
                await self._let_go(logs, record, changed_us)
            case Playback.GONE:
                await self._erase(logs, record, sequence)
            case _ if end.msn == 0:
                await self._vanish(record)
                await self._purger.purge_all(logs, record.broadcast_id)
            case _ if not record.is_recorded:
                self._wait_for_viewers(end.end.time_us)
                await self._vanish(record)
                await self._purger.purge_all(logs, record.broadcast_id)
            case _:
                await self._complete(logs, record, end, sequence)

    async def _complete(self, logs: Logs, record: Playback, end: Segment, sequence: int) -> None:
        prefix, broadcast = record.store_prefix, record.broadcast_id
        total = await self._indexes.total(prefix, broadcast, end.msn)
        if not isinstance(total, Tally):
            await self._await_missing(logs, end, sequence, total)
        elif not total.size_bytes:
            await self._vanish(record)
            raise Later(WAIT_S)
        else:
            recording = total.recording(
                livestream=record.livestream_id,
                broadcast=broadcast,
                start_time_us=record.publish_time_us or record.start_time_us,
                end=end.end,
            )
            await self._around.recordings.put_recording(prefix, recording)
            await self._publish(record, recording)
            raise Later(self._around.purge_grace_s)

    async def _await_missing(self, logs: Logs, end: Segment, sequence: int, missing: list[int]) -> None:
        """Others are busy with what is missing; what nobody has a message of any more will never come."""
        waiting = await logs.cmaf.first(subjects.segments(logs.shard, end.broadcast_id))
        if waiting is None or waiting.sequence >= sequence:
            # Another archiver may have stored the last one since we looked.
            for msn in missing:
                if not await self._around.recordings.has_segment(end.store_prefix, msn):
                    await self._segments.lose(_nameless(end, msn), "it never reached the archivers")
        raise Later(WAIT_S)

    async def _publish(self, record: Playback, recording: Recording) -> None:
        def edit(playback: Playback) -> None:
            if playback.state not in (Playback.LIVE, Playback.ENDED):
                return
            playback.state = Playback.RECORDED
            playback.end_time_us = playback.end_time_us or recording.end.time_us
            playback.segment_count = recording.segment_count
            playback.size_bytes = recording.size_bytes
            playback.duration_us = recording.duration_us

        changed = await self._around.playback.change(record.broadcast_id, edit)
        if changed is None or changed.state != Playback.RECORDED:
            return
        say(self._around.facts, completed_fact(record, recording, self._around.now_us))
        self._around.counts.media.inc()
        _log.info(
            "recording complete",
            broadcast=record.broadcast_id,
            segments=recording.segment_count,
            bytes=recording.size_bytes,
            seconds=round(recording.duration_us / 1e6, 1),
        )

    async def _vanish(self, record: Playback) -> None:
        def edit(playback: Playback) -> None:
            playback.state = Playback.GONE

        await self._around.playback.change(record.broadcast_id, edit)
        _log.info("nothing to keep of a broadcast", broadcast=record.broadcast_id)

    async def _let_go(self, logs: Logs, record: Playback, changed_us: int) -> None:
        self._wait_for_viewers(changed_us)
        await self._around.recordings.delete_records(record.store_prefix)
        await self._purger.purge_all(logs, record.broadcast_id)
        _log.info("log let go", broadcast=record.broadcast_id)

    async def _erase(self, logs: Logs, record: Playback, sequence: int) -> None:
        """Remove what archivers have stored of a recording that was deleted before it was complete."""
        waiting = await logs.cmaf.first(subjects.segments(logs.shard, record.broadcast_id))
        if waiting is not None and waiting.sequence < sequence:
            raise Later(WAIT_S)
        if record.store_prefix:
            await self._around.recordings.delete_all(record.store_prefix)
        await self._purger.purge_all(logs, record.broadcast_id)

    def _wait_for_viewers(self, since_us: int) -> None:
        left_s = grace_left_s(since_us, self._around.now_us, self._around.purge_grace_s)
        if left_s > 0:
            raise Later(left_s)


def _nameless(end: Segment, msn: int) -> Segment:
    """A segment of which nothing is known but its number."""
    return Segment(
        livestream_id=end.livestream_id,
        broadcast_id=end.broadcast_id,
        shard=end.shard,
        msn=msn,
        store_prefix=end.store_prefix,
        record=True,
    )
