"""Takes a sample of every livestream that has something to show, each ten seconds, and sets the totals."""

import asyncio

from services.common import metrics
from services.common.clock import Clock
from services.common.errors import AppError
from services.common.log import get_logger
from services.stats.changes import INSTANCES
from services.stats.reading import Reading
from services.stats.repository import Repository
from services.stats.samples import Place, Samples
from services.stats.series import INTERVAL_MS, Sample, is_due, slot, until_next

_log = get_logger(__name__)


class Sampler:
    """Every replica samples; the first to fill a time slot has filled it."""

    def __init__(self, repository: Repository, samples: Samples, clock: Clock) -> None:
        self._repository = repository
        self._samples = samples
        self._clock = clock
        self._encoders = {name: metrics.gauge("headwater_stats_encoders", instance=name) for name in INSTANCES}
        self._viewers = metrics.gauge("headwater_stats_viewers")

    async def run(self) -> None:
        """Sample at the beginning of each time slot, for ever; a slot in which Redis is away stays empty."""
        while True:
            await asyncio.sleep(until_next(self._now_ms()) / 1000)
            try:
                await self.take()
            except AppError as error:
                _log.debug("no samples", reason=error.detail)

    async def take(self) -> None:
        """Take the samples of the present slot. Errors: AppError(UNAVAILABLE)."""
        now_ms = self._now_ms()
        livestreams = await self._repository.active(now_ms - INTERVAL_MS)
        readings = await self._repository.readings(livestreams, now_ms)
        last = await self._samples.last(livestreams)
        self._set_totals(list(readings.values()))
        at_ms = slot(now_ms)
        due = {
            Place(livestream, name): Sample(at_ms, reading.of(name))
            for livestream, reading in readings.items()
            for name in INSTANCES
            if is_due(reading.of(name), at_ms, last.get(Place(livestream, name)))
        }
        await self._samples.add(due)

    def _set_totals(self, readings: list[Reading]) -> None:
        for name, gauge in self._encoders.items():
            gauge.set(sum(reading.of(name).rtmp_connections for reading in readings))
        self._viewers.set(sum(reading.sum.hls_connections for reading in readings))

    def _now_ms(self) -> int:
        return round(self._clock.now() * 1000)
