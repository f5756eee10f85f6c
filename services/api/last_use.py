"""When tokens were last used: noted in memory at each call and written now and then, so that no call waits for it."""

import asyncio
from contextlib import suppress

from headwater.internal.v1.records_pb2 import TokenRecord
from services.api.repository import Repository, Stored
from services.common.errors import AppError

INTERVAL_S = 30.0
"""What is shown is behind by this much at most."""


class LastUse:
    """Notes uses; `run` must run for them to be written."""

    def __init__(self, tokens: Repository[TokenRecord], *, interval_s: float = INTERVAL_S) -> None:
        self._tokens = tokens
        self._interval_s = interval_s
        self._used: dict[str, int] = {}

    def note(self, token: Stored[TokenRecord], now_us: int) -> None:
        """It has just been used. There are no more of these than there are tokens."""
        self._used[token.key] = now_us

    async def run(self) -> None:
        """Write, for ever."""
        while True:
            await asyncio.sleep(self._interval_s)
            await self.write()

    async def write(self) -> None:
        """Write what was noted; what cannot be written now is left to the next use."""
        used, self._used = self._used, {}
        for key, time_us in used.items():
            with suppress(AppError):
                await self._tokens.change(key, lambda record, time_us=time_us: _used_at(record, time_us))  # type: ignore[misc]  # bound now


def _used_at(record: TokenRecord | None, time_us: int) -> TokenRecord | None:
    """A token that was deleted meanwhile does not come back."""
    if record is not None:
        record.last_use_time_us = max(record.last_use_time_us, time_us)
    return record
