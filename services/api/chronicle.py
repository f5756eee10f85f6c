"""Writes down what happens: broadcasts and recordings, out of facts and out of what `onair` and `playback` say.

Both sources lead to the same records, so an api that was down through a whole broadcast has all of it when it is back.
"""

from collections.abc import Callable

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import DownloadJob, OnAir, Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord
from services.api import broadcast, recording
from services.api.media_chronicle import MediaChronicle
from services.api.records import Records
from services.api.standing import armed_window_us
from services.api.stream_keys import StreamKeys


class Chronicle:
    """Changes records by compare-and-set, so that several replicas may do the same. Errors: AppError(UNAVAILABLE)."""

    def __init__(self, records: Records, keys: StreamKeys, media: MediaChronicle) -> None:
        self._records = records
        self._keys = keys
        self._media = media

    async def note_fact(self, fact: Fact) -> None:
        """A fact about a broadcast."""
        if fact.WhichOneof("fact") == "recording_deleted":
            playback = await self._records.playback.get(fact.broadcast_id)
            if playback is not None and playback.record.clipped_from:
                await self._media.note_clip_gone(playback.record)
                return
        begun = broadcast.begin(
            fact.broadcast_id,
            fact.livestream_id,
            fact.time_us,
            is_recorded=True,
            is_gated=await self._is_gated(fact.livestream_id, fact.broadcast_id),
        )
        kept = await self._change_broadcast(begun, lambda record: broadcast.note_fact(record, fact))
        await self._media.note_fact(kept, fact)

    async def note_attempt(self, fact: Fact) -> None:
        """An encoder was refused for what it sends, and belongs to no broadcast."""
        newest = self._records.broadcasts.items(fact.livestream_id, limit=1)
        known = newest[0].record if newest else None
        is_same = known is not None and broadcast.is_attempt(known) and known.failure_reason == fact.input_rejected.code
        is_its = known is not None and (broadcast.is_on_air(known) or is_same)
        begun = known if known is not None and is_its else broadcast.attempt(fact)
        await self._change_broadcast(begun, lambda record: broadcast.note_fact(record, fact))

    async def note_on_air(self, livestream: str, on_air: OnAir) -> None:
        """The key `onair` of a livestream as it stands."""
        begun = broadcast.begin(
            on_air.broadcast_id,
            livestream,
            on_air.start_time_us,
            is_recorded=on_air.rules.record,
            is_gated=on_air.rules.is_gated,
        )
        kept = await self._change_broadcast(begun, lambda record: broadcast.note_on_air(record, on_air))
        await self._media.note(kept, on_air.broadcast_id)

    async def note_playback(self, playback: Playback) -> None:
        """The record by which origins serve a broadcast, or a clip, as it stands."""
        if playback.clipped_from:
            await self._media.note_clip(playback)
            return
        if self._is_settled(playback):
            return
        begun = broadcast.begin(
            playback.broadcast_id,
            playback.livestream_id,
            playback.start_time_us,
            is_recorded=playback.is_recorded,
            is_gated=playback.is_gated,
        )
        kept = await self._change_broadcast(begun, lambda record: broadcast.note_playback(record, playback))
        await self._media.note_playback(kept, playback)

    async def note_clip_job(self, job: DownloadJob) -> None:
        """The order for a clip as it stands."""
        await self._media.note_clip_job(job)

    def _is_settled(self, playback: Playback) -> bool:
        """Most are, and at each start all are looked at."""
        of = self._records.broadcasts.peek(playback.broadcast_id)
        media = self._records.media.peek(playback.broadcast_id)
        record = media.record if media is not None else None
        return of is not None and recording.is_settled(record, of.record, playback)

    async def _is_gated(self, livestream: str, of: str) -> bool:
        """Of a broadcast that is known by a fact alone: what is on air says it, else what the livestream says now."""
        if self._records.broadcasts.peek(of) is not None:
            return False  # its record knows
        on_air = await self._records.on_air.get(livestream)
        if on_air is not None and on_air.record.broadcast_id == of:
            return on_air.record.rules.is_gated
        stored = await self._livestream(livestream)
        return stored is not None and stored.rules.is_gated

    async def _change_broadcast(
        self, begun: BroadcastRecord, note: Callable[[BroadcastRecord], None]
    ) -> BroadcastRecord | None:
        """The record after `note`; a new one only for a livestream that is there."""
        livestream = await self._livestream(begun.livestream_id)
        if livestream is not None:
            _belong(begun, livestream)
        is_known = self._records.broadcasts.peek(begun.id) is not None or livestream is not None

        def edit(record: BroadcastRecord | None) -> BroadcastRecord | None:
            if record is None and not is_known:
                return None
            record = record or begun
            note(record)
            return record

        stored = await self._records.broadcasts.change(begun.id, edit)
        if livestream is not None and self._keys.is_guarded(livestream) and not self._keys.are_published(livestream):
            await self._keys.publish(livestream)
        return stored.record if stored else None

    async def _livestream(self, livestream: str) -> LivestreamRecord | None:
        stored = await self._records.livestreams.get(livestream)
        return None if stored is None or stored.record.delete_time_us else stored.record


def _belong(begun: BroadcastRecord, livestream: LivestreamRecord) -> None:
    begun.tenant_id, begun.app_id = livestream.tenant_id, livestream.app_id
    armed_us = livestream.armed_time_us
    if armed_us and armed_us <= begun.start_time_us <= armed_us + armed_window_us(livestream):
        begun.invoke_time_us = armed_us
