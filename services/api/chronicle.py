"""Writes down what happens: broadcasts and recordings, out of facts and out of what `onair` and `playback` say.

Both sources lead to the same records, so an api that was down through a whole broadcast has all of it when it is back.
"""

from collections.abc import Callable

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import OnAir, Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord, MediaRecord
from services.api import broadcast, recording
from services.api.records import Records


class Chronicle:
    """Changes records by compare-and-set, so that several replicas may do the same. Errors: AppError(UNAVAILABLE)."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def note_fact(self, fact: Fact) -> None:
        """A fact about a broadcast."""
        begun = broadcast.begin(fact.broadcast_id, fact.livestream_id, fact.time_us, is_recorded=True)
        kept = await self._change_broadcast(begun, lambda record: broadcast.note_fact(record, fact))
        await self._change_media(kept, fact.broadcast_id, lambda record: recording.note_fact(record, fact))

    async def note_on_air(self, livestream: str, on_air: OnAir) -> None:
        """The key `onair` of a livestream as it stands."""
        begun = broadcast.begin(on_air.broadcast_id, livestream, on_air.start_time_us, is_recorded=on_air.rules.record)
        kept = await self._change_broadcast(begun, lambda record: broadcast.note_on_air(record, on_air))
        await self._change_media(kept, on_air.broadcast_id, lambda _record: None)

    async def note_playback(self, playback: Playback) -> None:
        """The record by which origins serve a broadcast, as it stands."""
        begun = broadcast.begin(
            playback.broadcast_id, playback.livestream_id, playback.start_time_us, is_recorded=playback.is_recorded
        )
        kept = await self._change_broadcast(begun, lambda record: broadcast.note_playback(record, playback))
        await self._change_media(kept, playback.broadcast_id, lambda record: recording.note_playback(record, playback))

    async def _change_broadcast(
        self, begun: BroadcastRecord, note: Callable[[BroadcastRecord], None]
    ) -> BroadcastRecord | None:
        """The record after `note`; a new one only for a livestream that is there."""
        is_known = self._records.broadcasts.peek(begun.id) is not None or await self._has(begun.livestream_id)

        def edit(record: BroadcastRecord | None) -> BroadcastRecord | None:
            if record is None and not is_known:
                return None
            record = record or begun
            note(record)
            return record

        stored = await self._records.broadcasts.change(begun.id, edit)
        return stored.record if stored else None

    async def _change_media(self, of: BroadcastRecord | None, media: str, note: Callable[[MediaRecord], None]) -> None:
        if of is not None and of.is_media_deleted:
            if await self._records.media.get(media):
                await self._records.media.delete(media)
            return
        name = self._name_of(of) if of else ""

        def edit(record: MediaRecord | None) -> MediaRecord | None:
            if record is None and (of is None or not of.is_recorded):
                return None
            if record is None and of is not None:
                record = recording.begin(of, name)
            if record is not None:
                note(record)
            if record is not None and of is not None:
                recording.note_broadcast(record, of)
            return record

        await self._records.media.change(media, edit)

    async def _has(self, livestream: str) -> bool:
        stored = await self._records.livestreams.get(livestream)
        return stored is not None and not stored.record.delete_time_us

    def _name_of(self, of: BroadcastRecord) -> str:
        livestream = self._records.livestreams.peek(of.livestream_id)
        return livestream.record.name if livestream else ""
