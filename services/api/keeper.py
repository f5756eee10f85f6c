"""Housekeeping: what a crash between two writes has left, holds that are over, deletions that are not finished.

Every replica does it; each step is a compare-and-set or can be repeated.
"""

import asyncio

from headwater.internal.v1.onair_pb2 import StreamKey
from services.api.deletion import Deletion
from services.api.on_air import OnAirOrders
from services.api.records import Records
from services.api.repository import Stored
from services.api.stream_keys import StreamKeys
from services.common.clock import Clock
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
        self, records: Records, keys: StreamKeys, orders: OnAirOrders, deletion: Deletion, clock: Clock
    ) -> None:
        self._records = records
        self._keys = keys
        self._orders = orders
        self._deletion = deletion
        self._clock = clock
        self._orphans: dict[str, float] = {}

    async def run(self) -> None:
        """Keep house until cancelled; begins when the read models are complete."""
        for _, repository in self._records.followed():
            await repository.is_complete.wait()
        repaired_at = -REPAIR_EACH_S
        while True:
            try:
                await self.release_holds()
                if self._clock.monotonic() - repaired_at >= REPAIR_EACH_S:
                    repaired_at = self._clock.monotonic()
                    await self.repair()
            except AppError as error:
                _log.info("housekeeping waits", reason=error.detail)
            await asyncio.sleep(HOLD_EACH_S)

    async def release_holds(self) -> None:
        """Remove `onair` keys whose hold is over."""
        for livestream in self._orders.held():
            await self._orders.sweep(livestream)

    async def repair(self) -> None:
        """Finish deletions, publish keys that are missing or out of date, remove those of no livestream."""
        for stored in self._records.livestreams.items():
            if stored.record.delete_time_us:
                await self._deletion.begin(stored)
            elif not self._keys.are_published(stored.record):
                await self._publish(stored.key)
        await self._remove_orphans()

    async def _publish(self, livestream: str) -> None:
        stored = await self._records.livestreams.look_up(livestream)
        if stored is None or stored.record.delete_time_us:
            return  # the read model was a moment behind
        _log.warning("stream keys are published again", livestream=livestream)
        await self._keys.publish(stored.record)
        await self._orders.change_rules(livestream, stored.record.rules)

    async def _remove_orphans(self) -> None:
        now = self._clock.monotonic()
        orphans = [stored for stored in self._records.keys.items() if self._is_orphan(stored)]
        self._orphans = {stored.key: self._orphans.get(stored.key, now) for stored in orphans}
        for stored in orphans:
            is_due = now - self._orphans[stored.key] >= ORPHAN_AFTER_S
            if is_due and await self._records.livestreams.get(stored.record.livestream_id) is None:
                _log.info("a stream key without a livestream is removed", livestream=stored.record.livestream_id)
                await self._records.keys.delete(stored.key, stored.revision)

    def _is_orphan(self, stored: Stored[StreamKey]) -> bool:
        return self._records.livestreams.peek(stored.record.livestream_id) is None
