"""Keeps the log of deliveries short, and removes what a deleted webhook has left. Every replica does it."""

import asyncio

from headwater.internal.v1.webhooks_pb2 import DeliveryRecord
from headwater.v1.webhooks_pb2 import Delivery
from services.api.repository import Stored
from services.api.webhooks import schedule
from services.api.webhooks.records import WebhookRecords
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.log import get_logger

KEPT = 500
"""Deliveries that are over, of each webhook; the newest."""

KEPT_S = 6 * 24 * 3600.0
"""The longest that one is kept; below the age at which its bucket forgets it."""

WAITING = 2000
"""Deliveries of one webhook that wait; beyond, the oldest is given up."""

SWEEP_EACH_S = 30.0

_log = get_logger(__name__)


class Sweeper:
    """Each step can be repeated."""

    def __init__(self, own: WebhookRecords, clock: Clock, *, kept: int = KEPT, waiting: int = WAITING) -> None:
        self._own = own
        self._clock = clock
        self._kept = kept
        self._waiting = waiting

    async def run(self) -> None:
        """Sweep until cancelled; begins when the read models are complete."""
        await self._own.wait()
        while True:
            try:
                await self.sweep()
            except AppError as error:
                _log.info("sweeping deliveries waits", reason=error.detail)
            await asyncio.sleep(SWEEP_EACH_S)

    async def sweep(self) -> None:
        """Remove and give up what is too much now. AppError(UNAVAILABLE)."""
        grouped: dict[str, list[Stored[DeliveryRecord]]] = {}
        for stored in self._own.deliveries.items():
            grouped.setdefault(stored.record.webhook_id, []).append(stored)
        for webhook, found in grouped.items():
            await self._sweep(webhook, found)

    async def _sweep(self, webhook: str, found: list[Stored[DeliveryRecord]]) -> None:
        """`found` is newest first."""
        if await self._own.webhooks.get(webhook) is None:
            await self._remove(found)
            return
        waiting = [stored for stored in found if stored.record.state == Delivery.PENDING]
        over = [stored for stored in found if stored.record.state != Delivery.PENDING]
        oldest_us = round((self._clock.now() - KEPT_S) * 1e6)
        await self._remove(over[self._kept :])
        await self._remove([stored for stored in over[: self._kept] if stored.record.create_time_us < oldest_us])
        for stored in waiting[self._waiting :]:
            await self._give_up(stored)

    async def _remove(self, found: list[Stored[DeliveryRecord]]) -> None:
        for stored in found:
            try:
                await self._own.deliveries.delete(stored.key, stored.revision)
            except AppError as error:
                if error.kind is not Kind.CONFLICT:  # it was ordered again meanwhile, or another replica was faster
                    raise

    async def _give_up(self, stored: Stored[DeliveryRecord]) -> None:
        def edit(record: DeliveryRecord | None) -> DeliveryRecord | None:
            if record is not None and record.state == Delivery.PENDING:
                schedule.give_up(record, "too many are waiting for this webhook", round(self._clock.now() * 1e6))
            return record

        await self._own.deliveries.change(stored.key, edit)
