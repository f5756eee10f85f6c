"""How full the logs are, as metrics. That one fills up is the archiver's to say, who can do something about it."""

import asyncio
from collections.abc import Sequence

from services.common import metrics
from services.common.bus.errors import BusError
from services.common.bus.log import Log
from services.common.log import get_logger
from services.common.spine import Spine

LOOK_S = 10.0

_log = get_logger(__name__)


class LogFill:
    """Looks at the streams of all shards now and then."""

    def __init__(self, spine: Spine, *, shards: int) -> None:
        self._spine = spine
        self._shards = range(shards)

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
        await _look("media", [await self._spine.media(shard) for shard in self._shards])
        await _look("cmaf", [await self._spine.cmaf(shard) for shard in self._shards])


async def _look(kind: str, logs: Sequence[Log]) -> None:
    usages = [await log.usage() for log in logs]
    metrics.gauge("headwater_log_bytes", kind=kind).set(sum(usage.bytes for usage in usages))
    metrics.gauge("headwater_log_limit_bytes", kind=kind).set(sum(usage.max_bytes for usage in usages))
