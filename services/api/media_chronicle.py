"""Writes down what becomes of recordings, and says so."""

from collections.abc import Callable

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord, MediaRecord
from headwater.v1.media_pb2 import Media
from services.api import broadcast, recording
from services.api.caller import tenant_of
from services.api.clip_endings import ClipEndings
from services.api.public_ids import PublicIds
from services.api.records import Records
from services.api.telling import Telling

_FINAL = {Media.READY, Media.FAILED}
_TELLING = {"broadcast_started", "recording_completed", "recording_failed"}
"""Facts after which it is said anew what the recording has become: whoever wrote it down may have died before."""
_WHEN_FINAL = ("duration", "ready_time", "size_bytes", "state")


class MediaChronicle:
    """Changes records by compare-and-set. Errors: AppError(UNAVAILABLE)."""

    def __init__(self, records: Records, telling: Telling, public_ids: PublicIds) -> None:
        self._records = records
        self._public_ids = public_ids
        self._telling = telling
        self._clips = ClipEndings(records, telling)

    async def note_fact(self, of: BroadcastRecord | None, fact: Fact) -> None:
        kind = fact.WhichOneof("fact") or ""
        if kind == "recording_deleted":
            await self._remove(fact.broadcast_id)
        else:
            await self._change(
                of, fact.broadcast_id, lambda record: recording.note_fact(record, fact), kind in _TELLING
            )

    async def note_playback(self, of: BroadcastRecord | None, playback: Playback) -> None:
        if of is None and playback.state == Playback.GONE:  # its broadcast went with the livestream, and it did not
            await self._let_go(playback.broadcast_id)
            return
        await self._change(of, playback.broadcast_id, lambda record: recording.note_playback(record, playback), False)

    async def note_clip(self, playback: Playback) -> None:
        """A clip is nobody's broadcast, and has had a record since it was ordered: it is made, or it is to go."""
        if playback.state == Playback.GONE:
            await self._let_go(playback.broadcast_id)
        elif playback.state == Playback.RECORDED:
            await self._clips.finish(playback)

    async def note_clip_gone(self, playback: Playback) -> None:
        """The archiver has deleted all that was stored of a clip."""
        if playback.state == Playback.GONE:
            await self._remove(playback.broadcast_id)

    async def note_clip_job(self, job: DownloadJob) -> None:
        """How far the order for a clip is."""
        if job.state == DownloadJob.FAILED:
            await self._clips.fail(job.media_id, job.error)

    async def note(self, of: BroadcastRecord | None, media: str) -> None:
        """Only the broadcast has changed."""
        await self._change(of, media, lambda _record: None, False)

    async def _change(
        self, of: BroadcastRecord | None, media: str, note: Callable[[MediaRecord], None], is_told_anew: bool
    ) -> None:
        if of is not None and of.is_media_deleted:
            await self._let_go(media)
            return
        before: MediaRecord | None = None

        def edit(record: MediaRecord | None) -> MediaRecord | None:
            nonlocal before
            before = None
            if record is not None:
                before = MediaRecord()
                before.CopyFrom(record)
            elif of is None or not broadcast.keeps(of):
                return None
            else:
                record = self._begin(of)
            note(record)
            if of is not None:
                recording.note_broadcast(record, of)
            return record

        stored = await self._records.media.change(media, edit)
        if stored is None:
            return
        if before is None:
            await self._take_public_id(stored.record)
        if self._tell(before, stored.record, is_told_anew=is_told_anew):
            await self._telling.settle()  # before the fact that it follows from is acknowledged

    def _begin(self, of: BroadcastRecord) -> MediaRecord:
        livestream = self._records.livestreams.peek(of.livestream_id)
        return recording.begin(of, livestream.record if livestream else None)

    def _tell(self, before: MediaRecord | None, after: MediaRecord, *, is_told_anew: bool) -> bool:
        """Whether there was anything to be said."""
        is_new = before is None or (is_told_anew and after.state == Media.RECORDING)
        if is_new:
            begun = MediaRecord()
            begun.CopyFrom(after)
            begun.state = Media.RECORDING
            self._telling.media_by_itself(begun, "created")
        has_become = before is None or before.state != after.state or is_told_anew
        is_final = after.state in _FINAL and has_become
        if is_final:
            self._telling.media_by_itself(after, "updated", _WHEN_FINAL)
        return is_new or is_final

    async def _let_go(self, media: str) -> None:
        """Nobody can watch it any more. Something may still be stored, if its deletion was broken off: then it stays in
        sight as deleted until the keeper has purged it.
        """

        def mark(record: MediaRecord | None) -> MediaRecord | None:
            if record is not None:
                now_us = self._telling.now_us()
                record.delete_time_us = record.delete_time_us or now_us
                record.purge_time_us = min(record.purge_time_us or now_us, now_us)
            return record

        stored = await self._records.media.get(media)
        if stored is None:
            return
        if stored.record.state in _FINAL:
            await self._records.media.change(media, mark)
        else:  # what the archiver has begun to store of it, it removes when it comes to its end
            await self._remove(media)

    async def _remove(self, media: str) -> None:
        stored = await self._records.media.get(media)
        if stored is not None:
            self._telling.media_gone(stored.record)
            await self._telling.settle()
            await self._records.media.delete(media)

    async def _take_public_id(self, record: MediaRecord) -> None:
        """The newest broadcast's media holds it. The keeper does the same for what a crash has left."""
        if record.public_id:
            await self._public_ids.give_up(tenant_of(record), record.public_id)
