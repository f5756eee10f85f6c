"""Whether the logs have room for another broadcast: design.md section 4, point 6."""

import asyncio

from services.common.bus.errors import BusError
from services.common.log import get_logger
from services.common.spine import Spine

LOOK_S = 5.0
REFUSE_AT = 0.95
"""New broadcasts are refused before anything unarchived goes."""

_log = get_logger(__name__)


class Fullness:
    """Looks at the logs now and then."""

    def __init__(self, spine: Spine, *, shards: int) -> None:
        self._spine = spine
        self._shards = shards
        self.refusal: str | None = None
        """Why no broadcast may begin; None if one may."""

    async def watch(self) -> None:
        """Look every few seconds, for ever."""
        while True:
            try:
                self.refusal = await self._look()
            except BusError as error:
                _log.debug("cannot see how full the logs are", reason=repr(error))
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> str | None:
        for shard in range(self._shards):
            for log in (await self._spine.media(shard), await self._spine.cmaf(shard)):
                usage = await log.usage()
                if usage.max_bytes and usage.bytes > REFUSE_AT * usage.max_bytes:
                    _log.warning("a log is nearly full; new broadcasts are refused", stream=log.stream)
                    return "the server's log is full"
        return None
