"""Whether the logs have room for another broadcast: design.md section 4, point 6."""

import asyncio

from services.common.bus.errors import BusError
from services.common.bus.log import Usage
from services.common.log import get_logger
from services.common.spine import Spine

LOOK_S = 5.0
REFUSE_AT = 0.95
"""New broadcasts are refused before anything unarchived goes."""

_log = get_logger(__name__)


class Fullness:
    """Looks at the logs of every shard now and then."""

    def __init__(self, spine: Spine, *, shards: int) -> None:
        self._spine = spine
        self._shards = range(shards)
        self._full: set[int] = set()

    def open_shards(self) -> list[int]:
        """The shards in which a broadcast may begin."""
        return [shard for shard in self._shards if shard not in self._full]

    async def watch(self) -> None:
        """Look every few seconds, for ever."""
        while True:
            try:
                await self.look()
            except BusError as error:
                _log.debug("cannot see how full the logs are", reason=repr(error))
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look once. Errors: Unavailable, Refused."""
        for shard in self._shards:
            logs = (await self._spine.media(shard), await self._spine.cmaf(shard))
            full = [log.stream for log in logs if is_full(await log.usage())]
            if full and shard not in self._full:
                _log.warning("a log is nearly full; no broadcast begins there", shard=shard, streams=full)
            elif not full and shard in self._full:
                _log.info("the log has room again", shard=shard)
            (self._full.add if full else self._full.discard)(shard)


def is_full(usage: Usage) -> bool:
    """Whether a stream has no room for another broadcast; one without a limit always has."""
    return usage.max_bytes > 0 and usage.bytes > REFUSE_AT * usage.max_bytes
