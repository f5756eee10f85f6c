"""Livestreams as people order them: the writes, in the order that leaves nothing half done."""

from dataclasses import dataclass

from headwater.internal.v1.onair_pb2 import OnAir
from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord
from services.api import broadcast
from services.api.on_air import OnAirOrders
from services.api.records import Records
from services.api.repository import Stored
from services.api.stream_keys import StreamKeys
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import new_id


@dataclass(frozen=True)
class Livestreams:
    """The domain's livestreams. Every write may raise AppError(UNAVAILABLE) and may then be done or not."""

    records: Records
    keys: StreamKeys
    orders: OnAirOrders
    clock: Clock

    async def create(self, draft: LivestreamRecord) -> Stored[LivestreamRecord]:
        """Keys first: an encoder that pushes the moment this answers is admitted."""
        record = LivestreamRecord()
        record.CopyFrom(draft)
        record.id = new_id()
        record.create_time_us = record.update_time_us = self.now_us()
        record.input_keys.extend(self.keys.mint(record.id))
        await self.keys.publish(record)
        return await self.records.livestreams.create(record.id, record)

    async def get(self, livestream: str) -> Stored[LivestreamRecord]:
        """AppError(NOT_FOUND) if there is none, or not any more."""
        stored = await self.records.livestreams.get(livestream)
        if stored is None or stored.record.delete_time_us:
            raise AppError(Kind.NOT_FOUND, f"there is no livestream {livestream}")
        return stored

    def newest_broadcast(self, livestream: str) -> BroadcastRecord | None:
        newest = self.records.broadcasts.items(livestream, limit=1)
        return newest[0].record if newest else None

    async def update(self, stored: Stored[LivestreamRecord], record: LivestreamRecord) -> Stored[LivestreamRecord]:
        """Write over what was read, then tell ingest and packager the rules; the keeper does that after a crash."""
        record.update_time_us = max(self.now_us(), stored.record.update_time_us + 1)
        written = await self.records.livestreams.update(record.id, record, stored.revision)
        if record.rules != stored.record.rules:
            await self.keys.publish(record)
            await self.orders.change_rules(record.id, record.rules)
        return written

    async def activate(self, livestream: str) -> Stored[LivestreamRecord]:
        """Arm it, and admit encoders that were held off. On air it changes nothing."""
        stored = await self.get(livestream)
        newest = self.newest_broadcast(livestream)
        if newest is not None and broadcast.is_on_air(newest):
            return stored
        await self.orders.release(livestream)
        record = LivestreamRecord()
        record.CopyFrom(stored.record)
        record.armed_time_us = self.now_us()
        return await self.update(stored, record)

    async def idle(self, livestream: str) -> Stored[LivestreamRecord]:
        """End the broadcast on air, or disarm. AppError(FAILED_PRECONDITION) where there is neither."""
        stored = await self.get(livestream)
        ended = await self.orders.end(livestream)
        if ended is None and not self._is_armed(stored.record):
            raise AppError(Kind.FAILED_PRECONDITION, "the livestream is not on air")
        if ended is not None:
            await self._show_order(ended)
        if not stored.record.armed_time_us:
            return stored
        record = LivestreamRecord()
        record.CopyFrom(stored.record)
        record.armed_time_us = 0
        return await self.update(stored, record)

    async def _show_order(self, on_air: OnAir) -> None:
        """The answer to the order shows it already; the observer would write the same a moment later."""

        def edit(record: BroadcastRecord | None) -> BroadcastRecord | None:
            if record is not None:
                broadcast.note_on_air(record, on_air)
            return record

        await self.records.broadcasts.change(on_air.broadcast_id, edit)

    def _is_armed(self, record: LivestreamRecord) -> bool:
        window_us = record.rules.reconnect_window_ms * 1000
        return bool(record.armed_time_us) and self.now_us() < record.armed_time_us + window_us

    async def delete(self, stored: Stored[LivestreamRecord], *, deletes_media: bool) -> Stored[LivestreamRecord]:
        """Mark it; from then on nobody sees it, and the keeper finishes what is left if this process dies.

        AppError(FAILED_PRECONDITION) while it is on air.
        """
        if await self.orders.is_on_air(stored.key):
            raise AppError(Kind.FAILED_PRECONDITION, "the livestream is on air; end the broadcast first")
        record = LivestreamRecord()
        record.CopyFrom(stored.record)
        record.delete_time_us, record.deletes_media = self.now_us(), deletes_media
        marked = await self.records.livestreams.update(record.id, record, stored.revision)
        await self.keys.withdraw(record)
        await self.orders.end(record.id)  # an encoder may have come between
        return marked

    def now_us(self) -> int:
        return round(self.clock.now() * 1e6)
