"""Deleting a recording: viewers first, then orders, objects and what is left in the log. Repeatable at any point."""

from collections.abc import Mapping

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import Playback
from services.archiver.counts import fact_of
from services.archiver.job_records import JobRecords
from services.archiver.purger import Purger
from services.archiver.surroundings import Logs, Surroundings
from services.common.errors import AppError, Kind
from services.common.facts import say
from services.common.log import get_logger

_log = get_logger(__name__)


class Removal:
    """Deletes recordings."""

    def __init__(self, around: Surroundings, jobs: JobRecords, purger: Purger, shards: Mapping[int, Logs]) -> None:
        self._around = around
        self._jobs = jobs
        self._purger = purger
        self._shards = shards

    async def delete(self, media: str) -> None:
        """Delete a recording, whether that was begun before or not.

        Errors: NOT_FOUND; FAILED_PRECONDITION while it is on air; Unavailable (the bus).
        """
        before = await self._around.playback.get(media)
        if before is None or before.broadcast_id != media:
            raise AppError(Kind.NOT_FOUND, f"there is no media {media}")
        if before.state == Playback.LIVE:
            raise AppError(Kind.FAILED_PRECONDITION, "the broadcast is on air; end it first")

        def edit(playback: Playback) -> None:
            playback.state = Playback.GONE

        await self._around.playback.change(media, edit)
        await self._jobs.delete(media)
        if before.store_prefix:
            await self._around.recordings.delete_all(before.store_prefix)
        logs = self._shards.get(before.shard)
        # Before it was complete, its end message is still to come; that one then removes what came meanwhile.
        if before.state != Playback.ENDED and logs is not None:
            await self._purger.purge_all(logs, media)
        say(self._around.facts, _deleted(before, self._around.now_us))
        _log.info("recording deleted", broadcast=media)


def _deleted(record: Playback, time_us: int) -> Fact:
    fact = fact_of(record, "deleted", time_us)
    fact.recording_deleted.SetInParent()
    return fact
