"""How often one may guess a token. Pure but for the clock it is given."""

from services.common.clock import Clock
from services.common.errors import AppError, Kind

GUESSES = 20
GUESSES_S = 60.0
"""From one address this many unknown tokens are looked at in this time."""

_MAX_ADDRESSES = 10_000


class Guesses:
    """How many unknown tokens an address may still show; those with a good one are never kept waiting."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spent: dict[str, tuple[float, int]] = {}

    def spend(self, address: str) -> None:
        """AppError(LIMIT) if it has shown too many."""
        now = self._clock.monotonic()
        since, count = self._spent.get(address, (now, 0))
        if now - since >= GUESSES_S:
            since, count = now, 0
        if count >= GUESSES:
            wait_s = since + GUESSES_S - now
            raise AppError(Kind.LIMIT, "too many unknown tokens from this address", retry_after_s=wait_s)
        if address not in self._spent and len(self._spent) >= _MAX_ADDRESSES:
            self._spent.pop(next(iter(self._spent)))
        self._spent[address] = (since, count + 1)
