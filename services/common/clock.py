"""Time as a thing that is handed in: who decides by the clock takes one of these, and tests turn it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where a program takes its time from."""

    def now(self) -> float:
        """Wall clock: seconds since the Unix epoch, may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment of this process, never backwards; for durations only."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()  # noqa: TID251  the one place that asks

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is turned."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        if seconds < 0:
            message = f"time does not run backwards: {seconds} s"
            raise ValueError(message)
        self._now += seconds
        self._monotonic += seconds

    def jump(self, now: float) -> None:
        """Set the wall clock, as an operator or NTP would; the monotonic clock does not notice."""
        self._now = now
