"""Housekeeping: what a crash between two writes has left, holds that are over, deletions that are not finished.

Every replica does it; each step is a compare-and-set or can be repeated.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from headwater.internal.v1.onair_pb2 import StreamKey
from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api.breath import breathing
from services.api.deletion import Deletion
from services.api.livestreams import Livestreams
from services.api.lost_clips import LostClips
from services.api.recordings import Recordings
from services.api.repository import Stored
from services.api.standing import is_armed
from services.common.errors import AppError
from services.common.log import get_logger
from services.common.spine import FACTS_AGE_S

HOLD_EACH_S = 1.0
REPAIR_EACH_S = 30.0
ORPHAN_AFTER_S = 120.0
"""A key without a livestream may belong to one that another replica is just creating; calls end long before this."""
SAID_AGAIN_S = 100.0
"""Changes of so late are said again at each repair. The bus knows by their ids what it has, for 120 s."""

_log = get_logger(__name__)


class Sweeper(Protocol):
    """Does what is due of one thing, and may do it again. Errors: AppError."""

    async def sweep(self) -> None: ...


class Keeper:
    """Runs beside the servicers; `sweepers` do more of what is due."""

    def __init__(
        self,
        livestreams: Livestreams,
        recordings: Recordings,
        deletion: Deletion,
        sweepers: Sequence[Sweeper],
    ) -> None:
        self._records = livestreams.records
        self._keys = livestreams.keys
        self._orders = livestreams.orders
        self._consequences = livestreams.consequences
        self._telling = livestreams.telling
        self._clock = livestreams.clock
        self._deletion = deletion
        self._manual: set[str] = set()
        self._records.livestreams.listen(self._note)
        self._orphans: dict[str, float] = {}
        self._clips = LostClips(recordings)
        self._sweepers: tuple[Sweeper, ...] = (recordings, self._clips, *sweepers)

    def _note(self, livestream: str, record: LivestreamRecord | None) -> None:
        if record is not None and record.start == Livestream.MANUAL:
            self._manual.add(livestream)
        else:
            self._manual.discard(livestream)

    async def run(self) -> None:
        """Keep house until cancelled; begins when the read models are complete."""
        for _, repository in self._records.followed():
            await repository.is_complete.wait()
        await self._say_what_died()
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

    async def say_again(self, since_us: int) -> None:
        """Facts of what was changed since then: whoever changed it may have died before saying so."""
        async for stored in breathing(self._records.livestreams.each()):
            self._telling.repeat(stored.record, since_us)
        async for media in breathing(self._records.media.each()):
            self._telling.repeat_media(media.record, since_us)

    async def _say_what_died(self) -> None:
        """At the start: all since somebody has last said something, however long ago that is."""
        while True:
            try:
                last_us = await self._telling.last_time_us()
            except AppError as error:
                _log.info("what was changed is said again later", reason=error.detail)
                await asyncio.sleep(HOLD_EACH_S)
            else:
                oldest_us = self._now_us() - round(FACTS_AGE_S * 1e6)
                await self.say_again(max(oldest_us, last_us - round(SAID_AGAIN_S * 1e6)))
                return

    async def release_holds(self) -> None:
        """Remove `onair` keys whose hold is over."""
        for livestream in self._orders.held():
            await self._orders.sweep(livestream)

    async def give_orders(self) -> None:
        """Hand on what was ordered of broadcasts and clips and has not arrived, and close keys whose time is over."""
        for on_air in self._records.on_air.items():
            stored = self._records.livestreams.peek(on_air.key)
            if stored is not None and self._consequences.has_orders(stored.record):
                await self._draw(on_air.key)
        now_us = self._now_us()
        for livestream in list(self._manual):
            stored = self._records.livestreams.peek(livestream)
            if stored is None:
                continue
            record = stored.record
            is_over = record.armed_time_us and not is_armed(record, now_us)
            if is_over and not record.delete_time_us and not self._keys.are_published(record):
                await self._draw(livestream)
        await self._clips.go_on()  # last: an archiver that does not answer keeps nobody on air waiting

    async def repair(self) -> None:
        """Finish deletions, draw what follows from records, remove keys of no livestream, purge what is due."""
        async for stored in breathing(self._records.livestreams.each()):
            if stored.record.delete_time_us:
                await self._deletion.begin(stored)
            elif not self._consequences.are_drawn(stored.record):
                await self._draw(stored.key)
        await self.say_again(self._now_us() - round(SAID_AGAIN_S * 1e6))
        await self._remove_orphans()
        for sweeper in self._sweepers:
            await sweeper.sweep()

    async def _draw(self, livestream: str) -> None:
        stored = await self._records.livestreams.look_up(livestream)
        if stored is None or stored.record.delete_time_us:
            return  # the read model was a moment behind
        _log.warning("what follows from an order is done again", livestream=livestream)
        await self._consequences.draw(stored.record)

    async def _remove_orphans(self) -> None:
        now = self._clock.monotonic()
        orphans = [stored async for stored in breathing(self._records.keys.each()) if self._is_orphan(stored)]
        self._orphans = {stored.key: self._orphans.get(stored.key, now) for stored in orphans}
        for stored in orphans:
            is_due = now - self._orphans[stored.key] >= ORPHAN_AFTER_S
            if is_due and await self._records.livestreams.get(stored.record.livestream_id) is None:
                _log.info("a stream key without a livestream is removed", livestream=stored.record.livestream_id)
                await self._records.keys.delete(stored.key, stored.revision)

    def _now_us(self) -> int:
        return round(self._clock.now() * 1e6)

    def _is_orphan(self, stored: Stored[StreamKey]) -> bool:
        return self._records.livestreams.peek(stored.record.livestream_id) is None
