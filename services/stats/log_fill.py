"""How full the logs are, as metrics, and as a fact when one fills up."""

import asyncio
from collections.abc import Iterable

from headwater.internal.v1.facts_pb2 import Fact
from services.common import metrics, subjects
from services.common.bus.errors import BusError
from services.common.bus.facts import FactPublisher
from services.common.bus.log import Log, Usage
from services.common.clock import Clock
from services.common.log import get_logger
from services.common.spine import Spine
from services.stats.fill_alarm import FillAlarm

LOOK_S = 10.0

_log = get_logger(__name__)


class LogFill:
    """Looks at the streams of all shards now and then."""

    def __init__(self, spine: Spine, facts: FactPublisher, clock: Clock, *, shards: int) -> None:
        self._spine = spine
        self._facts = facts
        self._clock = clock
        self._shards = range(shards)
        self._alarms: dict[str, FillAlarm] = {}

    async def watch(self) -> None:
        """Look every few seconds, for ever; while NATS is away the metrics stay as they were."""
        while True:
            try:
                await self.look()
            except BusError as error:
                _log.debug("cannot see how full the logs are", reason=repr(error))
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Errors: Unavailable, Refused."""
        await self._look("media", [await self._spine.media(shard) for shard in self._shards])
        await self._look("cmaf", [await self._spine.cmaf(shard) for shard in self._shards])

    async def _look(self, kind: str, logs: Iterable[Log]) -> None:
        held = limit = 0
        for log in logs:
            usage = await log.usage()
            held, limit = held + usage.bytes, limit + usage.max_bytes
            self._judge(log.stream, usage)
        metrics.gauge("headwater_log_bytes", kind=kind).set(held)
        metrics.gauge("headwater_log_limit_bytes", kind=kind).set(limit)

    def _judge(self, stream: str, usage: Usage) -> None:
        percent = 100 * usage.bytes / usage.max_bytes if usage.max_bytes else 0.0
        if not self._alarms.setdefault(stream, FillAlarm()).rings(percent):
            return
        time_us = round(self._clock.now() * 1e6)
        # Replicas see it within seconds of each other: one fact a minute.
        fact = Fact(id=f"{stream}-filled-{time_us // 60_000_000}", time_us=time_us)
        fact.log_filled.stream, fact.log_filled.percent = stream, percent
        self._facts.publish(subjects.fact("log_filled", ""), fact.SerializeToString(), fact.id)
        _log.warning("a log fills up", stream=stream, percent=round(percent, 1))
