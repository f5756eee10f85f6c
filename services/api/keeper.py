"""Housekeeping: what a crash between two writes has left, holds that are over, deletions that are not finished.

Every replica does it; each step is a compare-and-set or can be repeated.
"""

import asyncio

from headwater.internal.v1.onair_pb2 import StreamKey
from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api.breath import breathing
from services.api.deletion import Deletion
from services.api.livestreams import Livestreams
from services.api.lost_clips import LostClips
from services.api.public_ids import PublicIds
from services.api.recordings import Recordings
from services.api.repository import Stored
from services.api.standing import is_armed
from services.common.errors import AppError
from services.common.log import get_logger

HOLD_EACH_S = 1.0
REPAIR_EACH_S = 30.0
ORPHAN_AFTER_S = 120.0
"""A key without a livestream may belong to one that another replica is just creating; calls end long before this."""

_log = get_logger(__name__)


class Keeper:
    """Runs beside the servicers."""

    def __init__(
        self,
        livestreams: Livestreams,
        recordings: Recordings,
        deletion: Deletion,
        public_ids: PublicIds,
    ) -> None:
        self._records = livestreams.records
        self._keys = livestreams.keys
        self._orders = livestreams.orders
        self._consequences = livestreams.consequences
        self._telling = livestreams.telling
        self._clock = livestreams.clock
        self._recordings = recordings
        self._deletion = deletion
        self._public_ids = public_ids
        self._manual: set[str] = set()
        self._records.livestreams.listen(self._note)
        self._orphans: dict[str, float] = {}
        self._lost_clips = LostClips(recordings)

    def _note(self, livestream: str, record: LivestreamRecord | None) -> None:
        if record is not None and record.start == Livestream.MANUAL:
            self._manual.add(livestream)
        else:
            self._manual.discard(livestream)

    async def run(self) -> None:
        """Keep house until cancelled; begins when the read models are complete."""
        for _, repository in self._records.followed():
            await repository.is_complete.wait()
        await self.say_again()
        repaired_at = -REPAIR_EACH_S
        while True:
            try:
                await self.release_holds()
                await self.give_orders()
                if self._clock.monotonic() - repaired_at >= REPAIR_EACH_S:
                    repaired_at = self._clock.monotonic()
                    await self.repair()
            except AppError as error:
                _log.info("housekeeping waits", reason=error.detail)
            await asyncio.sleep(HOLD_EACH_S)

    async def say_again(self) -> None:
        """Facts of what was changed lately: whoever changed it may have died before saying so."""
        async for stored in breathing(self._records.livestreams.items()):
            self._telling.repeat(stored.record)
        async for media in breathing(self._records.media.items()):
            self._telling.repeat_media(media.record)

    async def release_holds(self) -> None:
        """Remove `onair` keys whose hold is over."""
        for livestream in self._orders.held():
            await self._orders.sweep(livestream)

    async def give_orders(self) -> None:
        """Hand on what was ordered of broadcasts and has not reached them, and close keys whose time is over."""
        for on_air in self._records.on_air.items():
            stored = self._records.livestreams.peek(on_air.key)
            if stored is not None and self._consequences.has_orders(stored.record):
                await self._draw(on_air.key)
        now_us = round(self._clock.now() * 1e6)
        for livestream in list(self._manual):
            stored = self._records.livestreams.peek(livestream)
            if stored is None:
                continue
            record = stored.record
            is_over = record.armed_time_us and not is_armed(record, now_us)
            if is_over and not record.delete_time_us and not self._keys.are_published(record):
                await self._draw(livestream)

    async def repair(self) -> None:
        """Finish deletions, draw what follows from records, remove keys of no livestream, purge what is due."""
        async for stored in breathing(self._records.livestreams.items()):
            if stored.record.delete_time_us:
                await self._deletion.begin(stored)
            elif not self._consequences.are_drawn(stored.record):
                await self._draw(stored.key)
        await self._remove_orphans()
        await self._public_ids.sweep()
        await self._recordings.sweep()
        await self._lost_clips.sweep()

    async def _draw(self, livestream: str) -> None:
        stored = await self._records.livestreams.look_up(livestream)
        if stored is None or stored.record.delete_time_us:
            return  # the read model was a moment behind
        _log.warning("what follows from an order is done again", livestream=livestream)
        await self._consequences.draw(stored.record)

    async def _remove_orphans(self) -> None:
        now = self._clock.monotonic()
        orphans = [stored async for stored in breathing(self._records.keys.items()) if self._is_orphan(stored)]
        self._orphans = {stored.key: self._orphans.get(stored.key, now) for stored in orphans}
        for stored in orphans:
            is_due = now - self._orphans[stored.key] >= ORPHAN_AFTER_S
            if is_due and await self._records.livestreams.get(stored.record.livestream_id) is None:
                _log.info("a stream key without a livestream is removed", livestream=stored.record.livestream_id)
                await self._records.keys.delete(stored.key, stored.revision)

    def _is_orphan(self, stored: Stored[StreamKey]) -> bool:
        return self._records.livestreams.peek(stored.record.livestream_id) is None
