"""How full the logs are, and how much waits to be stored: looked at every few seconds."""

import asyncio
from collections.abc import Sequence

from headwater.internal.v1.facts_pb2 import Fact
from services.archiver.intake import CONSUMER
from services.archiver.retention import Filling
from services.archiver.surroundings import Logs, Surroundings
from services.common.bus.errors import BusError
from services.common.bus.log import Log
from services.common.facts import say
from services.common.ids import digest
from services.common.log import get_logger

LOOK_S = 5.0
_SAME_S = 60
"""Several archivers that notice within this time say one fact."""

_log = get_logger(__name__)


class Usage:
    """Watches the logs of all shards."""

    def __init__(self, around: Surroundings, shards: Sequence[Logs]) -> None:
        self._around = around
        self._shards = shards
        self._fillings = {log.stream: Filling() for shard in shards for log in (shard.media, shard.cmaf)}

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except BusError as error:
                _log.info("the logs could not be looked at", reason=str(error))
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look once. Errors: Unavailable, Refused."""
        waiting = 0
        for shard in self._shards:
            for log in (shard.media, shard.cmaf):
                await self._look_at(log)
            answer = await shard.cmaf.bus.api(f"CONSUMER.INFO.{shard.cmaf.stream}.{CONSUMER}")
            waiting += int(answer["num_pending"]) + int(answer["num_ack_pending"])
        self._around.counts.waiting.set(waiting)

    async def _look_at(self, log: Log) -> None:
        usage = await log.usage()
        percent = self._fillings[log.stream].note(usage.bytes, usage.max_bytes)
        if percent is None:
            return
        _log.warning("a log is filling up", stream=log.stream, percent=round(percent, 1))
        now_s = self._around.clock.now()
        fact = Fact(id=digest(f"{log.stream}.{now_s // _SAME_S}")[:32], time_us=round(now_s * 1e6))
        fact.log_filled.stream, fact.log_filled.percent = log.stream, percent
        say(self._around.facts, fact)
