"""How often a token may call: a bucket of calls for each, that fills at a steady rate. Pure but for its clock.

It is kept in the process and not in Redis: what it protects is the process, no call waits for a peer because of it, and
Redis may be away. So a token may do this much at each replica.
"""

from collections import OrderedDict

from services.common.clock import Clock
from services.common.errors import AppError, Kind

BURST_S = 10.0
"""A token that was quiet may catch up this many seconds' worth of calls at once."""

_MAX_TOKENS = 10_000


class RateLimit:
    """`calls_per_s` of one token; 0 is no limit."""

    def __init__(self, calls_per_s: float, clock: Clock) -> None:
        self._rate = calls_per_s
        self._clock = clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """When a token last called, and how many calls were missing from its bucket then."""

    def spend(self, token: str) -> None:
        """Take one call; AppError(LIMIT) with when the next one is possible."""
        if not self._rate:
            return
        now, size = self._clock.monotonic(), max(1.0, self._rate * BURST_S)
        since, missing = self._spent.get(token, (now, 0.0))
        missing = max(0.0, missing - (now - since) * self._rate)
        if missing + 1 > size:
            wait_s = (missing + 1 - size) / self._rate
            raise AppError(Kind.LIMIT, f"more than {self._rate:g} calls a second", retry_after_s=wait_s)
        self._spent[token] = (now, missing + 1)
        self._spent.move_to_end(token)
        if len(self._spent) > _MAX_TOKENS:
            self._spent.popitem(last=False)
