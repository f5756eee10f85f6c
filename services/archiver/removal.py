"""Deleting a recording: viewers first, then orders, objects and what is left in the log. Deleting one file of it.

Both are repeatable at any point.
"""

from collections.abc import Mapping
from contextlib import suppress

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import Playback
from services.archiver.clips import gone_clip
from services.archiver.counts import fact_of
from services.archiver.job_records import OPEN, JobRecords, key_of
from services.archiver.purger import Purger
from services.archiver.surroundings import Logs, Surroundings
from services.common import keys
from services.common.bus.errors import Exists, Stale
from services.common.clip_jobs import clip_job
from services.common.errors import AppError, Kind
from services.common.facts import say
from services.common.log import get_logger

_log = get_logger(__name__)


class Removal:
    """Deletes recordings and their files."""

    def __init__(self, around: Surroundings, jobs: JobRecords, purger: Purger, shards: Mapping[int, Logs]) -> None:
        self._around = around
        self._jobs = jobs
        self._purger = purger
        self._shards = shards

    async def delete(self, media: str) -> None:
        """Delete a recording, whether that was begun before or not.

        Errors: NOT_FOUND; FAILED_PRECONDITION while it is on air; Unavailable (the bus).
        """
        before = await self._around.playback.get(media) or await self._unmade_clip(media)
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

    async def _unmade_clip(self, clip: str) -> Playback | None:
        """The record that says of an ordered clip that it is gone, or what was written of it just before.

        Whoever is about to copy it, or to say that it is made, finds it.
        """
        held = await self._jobs.get(clip_job(clip))
        if held is not None:
            source = await self._around.playback.get(held.job.source_id) or Playback()
            with suppress(Exists):
                await self._around.playback.add(gone_clip(held.job, source))
        return await self._around.playback.get(clip)

    async def delete_file(self, media: str, file_format: str) -> None:
        """Delete a file and the order for it, if there is one; who is just making it finds out and removes it.

        The order goes last and only as it was read, so that none is lost from sight whose file is there.
        Errors: Unavailable (the bus).
        """
        record, key = await self._around.playback.get(media), key_of(media, file_format)
        while (held := await self._jobs.get(key)) is not None:
            if held.job.state not in OPEN and record is not None and record.store_prefix:
                await self._around.recordings.store.delete([keys.download(record.store_prefix, file_format)])
            try:
                await self._jobs.bucket.delete(key, held.revision)
            except Stale:
                continue  # the job has gone on meanwhile
            _log.info("file deleted", broadcast=media, format=file_format)
            return


def _deleted(record: Playback, time_us: int) -> Fact:
    fact = fact_of(record, "deleted", time_us)
    fact.recording_deleted.SetInParent()
    return fact
