"""Orders about what is on air, given by changing the key `onair` (design: one key says what is on air)."""

import asyncio
from collections.abc import Callable

from headwater.internal.v1.onair_pb2 import OnAir, Playback, Rules
from services.api.orders_due import Order
from services.api.repository import Repository
from services.common.clock import Clock
from services.common.errors import AppError, Kind

_POLL_S = 0.05
_END_TIMEOUT_S = 5.0
_GIVE_UP_US = 3_600_000_000
"""So long after its hold a key is removed even if nobody has said that the broadcast has ended."""


class OnAirOrders:
    """Changes `onair` by compare-and-set; ingest and packager, who watch it, do the rest."""

    def __init__(
        self, on_air: Repository[OnAir], playback: Repository[Playback], clock: Clock, *, hold_s: float
    ) -> None:
        self._on_air = on_air
        self._playback = playback
        self._clock = clock
        self._hold_us = round(hold_s * 1e6)

    async def is_on_air(self, livestream: str) -> bool:
        """Whether a broadcast is on air that no order has ended."""
        stored = await self._on_air.get(livestream)
        return stored is not None and not stored.record.end_reason

    async def end(self, livestream: str, due: Callable[[OnAir], Order | None]) -> OnAir | None:
        """End the broadcast on air, if that is due, and hold encoders off; what then stands, None if it was not."""
        ended: OnAir | None = None

        def edit(on_air: OnAir | None) -> OnAir | None:
            nonlocal ended
            ended = None
            given = due(on_air) if on_air is not None else None
            if on_air is None or given is None:
                return None
            now_us, linger_us = self._now_us(), round(given.linger_s * 1e6)
            hold_us = self._hold_us if given.hold_s is None else round(given.hold_s * 1e6)
            on_air.end_reason = given.reason
            on_air.hold_until_us = now_us + linger_us + hold_us
            on_air.linger_until_us = now_us + linger_us if linger_us else 0
            ended = on_air
            return on_air

        await self._change(livestream, edit)
        return ended

    async def publish(self, livestream: str, is_due: Callable[[OnAir], bool]) -> None:
        """Order that viewers see what arrives, if that is due."""

        def edit(on_air: OnAir | None) -> OnAir | None:
            if on_air is None or not is_due(on_air):
                return None
            on_air.publish_order_us = self._now_us()
            return on_air

        await self._change(livestream, edit)

    async def current(self, livestream: str) -> OnAir | None:
        """The broadcast on air that no order has ended."""
        stored = await self._on_air.look_up(livestream)
        return None if stored is None or stored.record.end_reason else stored.record

    async def change_rules(self, livestream: str, rules: Rules) -> None:
        """Let the broadcast on air, if there is one, go by new rules.

        What is recorded, shown and kept back stays as it began.
        """

        def edit(on_air: OnAir | None) -> OnAir | None:
            if on_air is None:
                return None
            began = Rules()
            began.CopyFrom(on_air.rules)
            on_air.rules.CopyFrom(rules)
            on_air.rules.record, on_air.rules.is_hidden = began.record, began.is_hidden
            on_air.rules.is_gated = began.is_gated
            return on_air

        await self._change(livestream, edit)

    async def release(self, livestream: str) -> None:
        """Admit encoders again that an order holds off. AppError(UNAVAILABLE) if the broadcast does not end."""
        for _ in range(round(_END_TIMEOUT_S / _POLL_S)):
            held = await self._on_air.get(livestream)
            if held is None or not held.record.end_reason:
                return
            if await self._has_ended(held.record):
                await self._remove(livestream, held.revision)
                return
            await asyncio.sleep(_POLL_S)
        raise AppError(Kind.UNAVAILABLE, "the last broadcast is still being ended", retry_after_s=1.0)

    async def sweep(self, livestream: str) -> None:
        """Remove a key whose hold is over."""
        held = self._on_air.peek(livestream)
        if held is None or not held.record.end_reason:
            return
        over_us = self._now_us() - held.record.hold_until_us
        if over_us > _GIVE_UP_US or (over_us > 0 and await self._has_ended(held.record)):
            await self._remove(livestream, held.revision)

    def held(self) -> list[str]:
        """Livestreams whose encoders are held off."""
        return [stored.key for stored in self._on_air.items() if stored.record.end_reason]

    async def _has_ended(self, on_air: OnAir) -> bool:
        """While the end message is not in the log the key must stay: it says why the broadcast ends."""
        playback = await self._playback.get(on_air.broadcast_id)
        return playback is not None and playback.record.state not in {Playback.LIVE, Playback.STATE_UNSPECIFIED}

    async def _remove(self, livestream: str, revision: int) -> None:
        try:
            await self._on_air.delete(livestream, revision)
        except AppError as error:
            if error.kind is not Kind.CONFLICT:
                raise

    async def _change(self, livestream: str, edit: Callable[[OnAir | None], OnAir | None]) -> None:
        await self._on_air.change(livestream, edit)

    def _now_us(self) -> int:
        return round(self._clock.now() * 1e6)
