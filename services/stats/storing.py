"""Brings samples from Redis to the object store, in blocks.

A block is written, then it is noted up to where samples are stored, then Redis may let go of them. A replica that dies
in between is repeated by the next round, of whichever replica: the same samples are the same object. While the store is
away all waits in Redis.
"""

import asyncio
import random

from services.common import metrics
from services.common.clock import Clock
from services.common.errors import AppError
from services.common.log import get_logger
from services.stats.block import cut, due_until
from services.stats.blocks import Blocks
from services.stats.samples import Place, Samples, Waiting
from services.stats.series import Sample

ROUND_S = 15.0
_AT_ONCE = 8
_SAMPLES_AT_ONCE = 1000
"""More than two of the longest blocks hold."""

_log = get_logger(__name__)


class Storing:
    """Every replica stores; who comes second finds nothing to do, or does the same."""

    def __init__(self, samples: Samples, blocks: Blocks, clock: Clock, *, block_ms: int) -> None:
        self._samples = samples
        self._blocks = blocks
        self._clock = clock
        self._block_ms = block_ms
        self._behind_since: float | None = None
        self._behind = metrics.gauge("headwater_stats_unstored_seconds")

    async def run(self) -> None:
        """A round now and then, for ever."""
        while True:
            await self.attempt()
            await asyncio.sleep(ROUND_S * random.uniform(0.8, 1.2))

    async def attempt(self) -> None:
        """A round, and a note of how it went."""
        now = self._clock.monotonic()
        try:
            await self.round()
        except AppError as error:
            _log.debug("samples wait", reason=error.detail)
            self._behind_since = now if self._behind_since is None else self._behind_since
            self._behind.set(self._clock.monotonic() - self._behind_since)
        else:
            self._behind_since = None
            self._behind.set(0)

    async def round(self) -> None:
        """Store all that is due. AppError(UNAVAILABLE) if something cannot be; after a few failures the rest waits."""
        due = [each for each in await self._samples.waiting(self._now_ms()) if self._is_due(each)]
        failures: list[AppError] = []
        while due and len(failures) < _AT_ONCE:
            some, due = due[:_AT_ONCE], due[_AT_ONCE:]
            failures += [failure for failure in await asyncio.gather(*map(self._try, some)) if failure]
        if failures:
            raise failures[0]

    def _is_due(self, waiting: Waiting) -> bool:
        until_ms = self._until(waiting)
        # Of what is gone nothing is stored: it is only waited until nobody can still be at it.
        return until_ms >= waiting.newest_ms if waiting.is_gone else until_ms > waiting.stored_ms

    def _until(self, waiting: Waiting) -> int:
        return due_until(waiting.newest_ms, self._now_ms(), self._block_ms, waiting.place.livestream)

    async def _try(self, waiting: Waiting) -> AppError | None:
        try:
            await (self._clear(waiting) if waiting.is_gone else self._store(waiting))
        except AppError as failure:
            return failure
        return None

    async def _store(self, waiting: Waiting) -> None:
        place, stored_ms, until_ms = waiting.place, waiting.stored_ms, self._until(waiting)
        while stored_ms < until_ms:
            some = await self._samples.oldest(place, stored_ms, until_ms, _SAMPLES_AT_ONCE)
            blocks = cut(some, self._block_ms, place.livestream)
            if len(some) == _SAMPLES_AT_ONCE:
                blocks.pop()  # it may go on
            stored_ms = blocks[-1][-1].slot_ms if len(some) == _SAMPLES_AT_ONCE else until_ms
            await self._write(place, blocks, stored_ms)

    async def _write(self, place: Place, blocks: list[list[Sample]], stored_ms: int) -> None:
        for samples in blocks:
            await self._blocks.put(place, samples)
        await self._samples.settle(place, stored_ms, self._now_ms())

    async def _clear(self, waiting: Waiting) -> None:
        """Who stored samples of a livestream while it was deleted may have written after the deletion."""
        await self._blocks.delete(waiting.place.livestream)
        await self._samples.clear(waiting)

    def _now_ms(self) -> int:
        return round(self._clock.now() * 1000)
