"""Livestreams as people order them. Every order is one write of the record; what must follow is drawn from it
(consequences.py), at once or, after a crash, by the keeper.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from headwater.internal.v1.onair_pb2 import OnAir
from headwater.internal.v1.records_pb2 import BroadcastRecord, HistoryRecord, LivestreamRecord
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.livestreams_pb2 import HistoryEntry
from services.api import broadcast, history, output
from services.api.caller import DEFAULT, caller, tenant_of
from services.api.consequences import Consequences
from services.api.on_air import OnAirOrders
from services.api.once import id_of, is_noted, made_before
from services.api.protocol_keys import ProtocolKeys
from services.api.records import Records
from services.api.repository import Stored
from services.api.standing import armed_window_us, is_armed, is_used_up
from services.api.stream_keys import StreamKeys
from services.api.telling import Telling
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import new_id

PUBLISH_WAIT_S = 5.0
"""So long an answer waits for the packager to find a key frame; the order stands in any case."""
HISTORY_BROADCASTS = 500
"""Of so many of its newest broadcasts a livestream's history tells."""
REPEATED_US = 60_000_000
"""When an order comes again, changes of so late are said again with it; the bus knows them by their ids."""
_POLL_S = 0.02

Protect = Callable[[LivestreamRecord], Awaitable[None]]
"""Tells origins who may watch a livestream that is about to be there. Errors: AppError(UNAVAILABLE)."""


@dataclass(frozen=True)
class Livestreams:
    """The domain's livestreams. Every write may raise AppError(UNAVAILABLE) and may then be done or not."""

    records: Records
    keys: StreamKeys
    protocol_keys: ProtocolKeys
    orders: OnAirOrders
    consequences: Consequences
    telling: Telling
    clock: Clock
    protect: Protect

    async def create(self, draft: LivestreamRecord) -> Stored[LivestreamRecord]:
        """Keys and rules first: who pushes the moment this answers is admitted, and can be watched.

        AppError(INVALID): an unknown app.
        """
        drawn, made = await made_before("livestream", self.records.livestreams.get, self.now_us())
        if made is not None and not made.record.delete_time_us:
            return await self.again(made)
        record = _copy(draft)
        record.id, record.tenant_id = drawn if made is None else new_id(), caller().tenant_id
        record.app_id = record.app_id or caller().app_id or DEFAULT
        await self._check_app(record)
        record.rules.tenant_id = record.tenant_id
        kinds = [each.type for each in draft.outputs] if draft.has_outputs else output.LASTING
        output.put_outputs(record, [output.default_output(record.id, kind, record.create_time_us) for kind in kinds])
        record.input_keys.extend(self.keys.mint(record.id))
        record.credentials.extend(self.protocol_keys.mint(record.id))
        change = self.telling.change("created")
        history.note(record, change)
        await self.keys.publish(record)
        await self.protect(record)
        made = await self.records.livestreams.create(record.id, record)
        self.telling.livestream(record, change)
        return made

    async def _check_app(self, record: LivestreamRecord) -> None:
        if record.app_id == DEFAULT:
            return
        if await self.records.apps.get(f"{record.tenant_id}.{record.app_id}") is None:
            raise AppError(Kind.INVALID, "there is no such app", field="livestream.appId")

    async def get(self, livestream: str) -> Stored[LivestreamRecord]:
        """AppError(NOT_FOUND) if there is none, or not any more, or it is another tenant's."""
        stored = await self.records.livestreams.get(livestream)
        if stored is None or stored.record.delete_time_us or not is_callers(stored.record):
            raise AppError(Kind.NOT_FOUND, f"there is no livestream {livestream}")
        return stored

    def newest_broadcast(self, livestream: str) -> BroadcastRecord | None:
        newest = self.records.broadcasts.items(livestream, limit=1)
        return newest[0].record if newest else None

    async def update(
        self,
        stored: Stored[LivestreamRecord],
        record: LivestreamRecord,
        fields: frozenset[str],
        order: str = "",
    ) -> Stored[LivestreamRecord]:
        """Write over what was read. AppError(CONFLICT) if somebody else has written meanwhile.

        `order` is the id under which the change is written down, so that it is known when it comes again.
        """
        changes = []
        if fields - {"enabled"}:
            changes.append(self.telling.change("updated", fields))
        if record.is_disabled != stored.record.is_disabled:
            on_air = await self.orders.current(record.id)
            changes.append(self._order("disabled" if record.is_disabled else "enabled", on_air))
        if changes and order:
            changes[0].fact_id = order
        return await self.write(stored, record, *changes)

    def is_again(self, stored: Stored[LivestreamRecord], order: str) -> bool:
        """Whether the order of this id was carried out before, as far as its record goes."""
        return is_noted(stored.record.history, order, self.now_us())

    async def again(self, stored: Stored[LivestreamRecord]) -> Stored[LivestreamRecord]:
        """An order that came a second time: nothing is written, and what must follow does."""
        self.telling.repeat(stored.record, self.now_us() - REPEATED_US)
        await self.consequences.draw(stored.record)
        return stored

    async def write(
        self, stored: Stored[LivestreamRecord], record: LivestreamRecord, *changes: HistoryRecord
    ) -> Stored[LivestreamRecord]:
        """Write over the given version, say it, and draw what follows."""
        if not changes:
            return stored
        for change in changes:
            history.note(record, change)
        record.update_time_us = max(self.now_us(), stored.record.update_time_us + 1)
        written = await self.records.livestreams.update(record.id, record, stored.revision)
        for change in changes:
            self.telling.livestream(record, change)
        await self.consequences.draw(record, stored.record)
        return written

    async def activate(self, livestream: str) -> Stored[LivestreamRecord]:
        """Arm it, and admit encoders that were held off. On air it changes nothing.

        AppError(FAILED_PRECONDITION) where it is disabled or used up.
        """
        stored, order = await self.get(livestream), id_of(f"activate/{livestream}")
        if self.is_again(stored, order):
            return await self.again(stored)
        newest = self.newest_broadcast(livestream)
        if stored.record.is_disabled:
            raise AppError(Kind.FAILED_PRECONDITION, "the livestream is disabled; enable it first")
        if is_used_up(stored.record, newest):
            raise AppError(Kind.FAILED_PRECONDITION, "the livestream was for one broadcast, and that is over")
        if newest is not None and broadcast.is_on_air(newest):
            return stored
        await self.orders.release(livestream)

        def arm(record: LivestreamRecord) -> None:
            record.armed_time_us = self.now_us()

        return await self._insist(stored, arm, self.telling.change("activated", fact_id=order))

    async def idle(self, livestream: str) -> Stored[LivestreamRecord]:
        """End the broadcast on air, or disarm. AppError(FAILED_PRECONDITION) where there is neither."""
        stored, order = await self.get(livestream), id_of(f"idle/{livestream}")
        if self.is_again(stored, order):
            return await self.again(stored)
        on_air = await self.orders.current(livestream)
        if on_air is None and not is_armed(stored.record, self.now_us()):
            raise AppError(Kind.FAILED_PRECONDITION, "the livestream is not on air")

        def disarm(record: LivestreamRecord) -> None:
            record.armed_time_us = 0

        written = await self._insist(stored, disarm, self._order("idled" if on_air else "disarmed", on_air, order))
        await self._show_order(livestream, on_air)
        return written

    async def complete(self, livestream: str) -> Stored[LivestreamRecord]:
        """End the broadcast now and leave encoders their connections for a while.

        AppError(FAILED_PRECONDITION) where none is on air.
        """
        stored, order = await self.get(livestream), id_of(f"complete/{livestream}")
        if self.is_again(stored, order):
            return await self.again(stored)
        on_air = await self._needed(livestream)
        written = await self._insist(stored, _disarm, self._order("completed", on_air, order))
        await self._show_order(livestream, on_air)
        return written

    async def publish(self, livestream: str) -> Stored[LivestreamRecord]:
        """Let viewers see what arrives. AppError(FAILED_PRECONDITION) where no picture does."""
        stored = await self.get(livestream)
        on_air = await self._needed(livestream)
        if not on_air.rules.is_gated:
            return stored
        if not on_air.publish_order_us:
            self._check_picture(on_air.broadcast_id)
            stored = await self._insist(stored, lambda _record: None, self._order("published", on_air))
        await self._wait_published(on_air.broadcast_id)
        return stored

    async def set_enabled(self, livestream: str, *, is_enabled: bool) -> Stored[LivestreamRecord]:
        """Admit encoders, or refuse them and end the broadcast on air. Twice is as once."""
        stored = await self.get(livestream)
        if stored.record.is_disabled is not is_enabled:
            return stored
        on_air = await self.orders.current(livestream)

        def change(record: LivestreamRecord) -> None:
            record.is_disabled = not is_enabled
            record.armed_time_us = record.armed_time_us if is_enabled else 0

        written = await self._insist(stored, change, self._order("enabled" if is_enabled else "disabled", on_air))
        if not is_enabled:
            await self._show_order(livestream, on_air)
        return written

    async def rotate_keys(self, livestream: str) -> Stored[LivestreamRecord]:
        """New keys and credentials; a broadcast that uses the old ones ends."""
        stored, order = await self.get(livestream), id_of(f"rotate/{livestream}")
        if self.is_again(stored, order):
            return await self.again(stored)
        on_air = await self.orders.current(livestream)
        keys, credentials = self.keys.mint(livestream), self.protocol_keys.mint(livestream)

        def rotate(record: LivestreamRecord) -> None:
            del record.input_keys[:]
            del record.credentials[:]
            record.input_keys.extend(keys)
            record.credentials.extend(credentials)
            record.keys_rotate_time_us = self.now_us()

        written = await self._insist(stored, rotate, self._order("keys-rotated", on_air, order))
        await self._show_order(livestream, on_air)
        return written

    async def delete(
        self, stored: Stored[LivestreamRecord], *, deletes_media: bool, ends_broadcast: bool = False
    ) -> Stored[LivestreamRecord]:
        """Mark it; from then on nobody sees it, and the keeper finishes what is left if this process dies.

        AppError(FAILED_PRECONDITION) while it is on air, unless that is to end with it.
        """
        if not ends_broadcast and await self.orders.is_on_air(stored.key):
            raise AppError(Kind.FAILED_PRECONDITION, "the livestream is on air; end the broadcast first")
        record = _copy(stored.record)
        change = self.telling.change("deleted")
        history.note(record, change)
        record.delete_time_us, record.deletes_media = self.now_us(), deletes_media
        marked = await self.records.livestreams.update(record.id, record, stored.revision)
        self.telling.livestream(record, change)
        return marked

    def history(self, record: LivestreamRecord) -> list[HistoryEntry]:
        """States entered and what was noted, newest first."""
        kept = [stored.record for stored in self.records.broadcasts.items(record.id, limit=HISTORY_BROADCASTS)]
        return history.entries(record, kept, armed_window_us(record), self.now_us())

    async def _needed(self, livestream: str) -> OnAir:
        on_air = await self.orders.current(livestream)
        if on_air is None:
            raise AppError(Kind.FAILED_PRECONDITION, "the livestream is not on air")
        return on_air

    def _check_picture(self, of: str) -> None:
        """What the packager says: of its facts who gives media, of the playback record whether there are pictures."""
        known, playback = self.records.broadcasts.peek(of), self.records.playback.peek(of)
        if known is None or not known.record.source_time_us or known.record.state not in _GIVING:
            raise AppError(Kind.FAILED_PRECONDITION, "no picture arrives")
        if playback is not None and playback.record.picture_lost_us:
            raise AppError(Kind.FAILED_PRECONDITION, "no picture has arrived for more than a second")

    async def _wait_published(self, of: str) -> None:
        deadline = self.clock.monotonic() + PUBLISH_WAIT_S
        while self.clock.monotonic() < deadline:
            known = self.records.broadcasts.peek(of)
            if known is None or known.record.publish_time_us or not broadcast.is_on_air(known.record):
                return
            await asyncio.sleep(_POLL_S)

    def _order(self, kind: str, on_air: OnAir | None, order: str = "") -> HistoryRecord:
        return self.telling.change(kind, broadcast=on_air.broadcast_id if on_air else "", fact_id=order)

    async def _insist(
        self, stored: Stored[LivestreamRecord], edit: Callable[[LivestreamRecord], None], change: HistoryRecord
    ) -> Stored[LivestreamRecord]:
        """Write an order, whatever else is being changed; then say it and draw what follows."""
        before: LivestreamRecord = stored.record

        def apply(record: LivestreamRecord | None) -> LivestreamRecord | None:
            nonlocal before
            if record is None or record.delete_time_us:
                raise AppError(Kind.NOT_FOUND, f"there is no livestream {stored.key}")
            before = _copy(record)
            if is_noted(record.history, change.fact_id, self.now_us()):
                return record  # by another replica, a moment ago
            edit(record)
            history.note(record, change)
            record.update_time_us = max(self.now_us(), before.update_time_us + 1)
            return record

        written = await self.records.livestreams.change(stored.key, apply)
        if written is None:
            raise AppError(Kind.NOT_FOUND, f"there is no livestream {stored.key}")
        self.telling.livestream(written.record, change)
        await self.consequences.draw(written.record, before)
        return written

    async def _show_order(self, livestream: str, ended: OnAir | None) -> None:
        """The answer to the order shows it already; the observer would write the same a moment later."""
        on_air = self.records.on_air.peek(livestream)
        if ended is None or on_air is None or on_air.record.broadcast_id != ended.broadcast_id:
            return

        def edit(record: BroadcastRecord | None) -> BroadcastRecord | None:
            if record is not None:
                broadcast.note_on_air(record, on_air.record)
            return record

        await self.records.broadcasts.change(ended.broadcast_id, edit)

    def now_us(self) -> int:
        return round(self.clock.now() * 1e6)


def is_callers(record: LivestreamRecord) -> bool:
    """Whether the present caller may know of it."""
    who = caller()
    return tenant_of(record) == who.tenant_id and who.app_id in {"", record.app_id or DEFAULT}


_GIVING = {Broadcast.LIVE, Broadcast.RECEIVING}


def _disarm(record: LivestreamRecord) -> None:
    record.armed_time_us = 0


def _copy(record: LivestreamRecord) -> LivestreamRecord:
    copy = LivestreamRecord()
    copy.CopyFrom(record)
    return copy
