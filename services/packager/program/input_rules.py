"""What is asked of encoders beyond what can be packaged: key frames neither too often nor too seldom. Pure.

Who breaks the rule is told of it and goes on: players cope. A scene cut may give a short GOP in between, so one alone
says nothing; a long one does.
"""

from collections import deque
from dataclasses import dataclass

from services.common.media.unit import CLOCK_RATE, Unit

SHORT_GOPS = 3
"""So many in a row are no scene cuts."""

TOLERANCE = CLOCK_RATE // 10
"""Time stamps are rounded, and frame rates are no whole numbers."""

MAX_HOLE = CLOCK_RATE
"""Where pictures are missing for longer, nothing is known of the GOP."""

_REMEMBERED = 16
"""Connections that were told of; one that has gone over and come back is not told of again."""


@dataclass(frozen=True, slots=True)
class GopLimits:
    """Settings of the rule, in seconds."""

    least_s: float = 2.0
    most_s: float = 10.0


class GopWatch:
    """Follows the pictures of the source."""

    def __init__(self, limits: GopLimits) -> None:
        self._limits = limits
        self._least = round(limits.least_s * CLOCK_RATE) - TOLERANCE
        self._most = round(limits.most_s * CLOCK_RATE) + TOLERANCE
        self._told: deque[int] = deque(maxlen=_REMEMBERED)
        self._forget(0)

    def _forget(self, connection: int) -> None:
        self._connection = connection
        self._key: int | None = None
        self._newest = 0
        self._short = 0

    def note(self, connection: int, unit: Unit) -> str:
        """Take a connection's next picture; what is wrong, once for each connection, else nothing."""
        if connection != self._connection or unit.dts - self._newest > MAX_HOLE:
            self._forget(connection)
        self._newest = unit.dts
        if self._key is None:
            self._key = unit.dts if unit.is_key else None
            return ""
        length = unit.dts - self._key
        is_wrong = length > self._most
        if unit.is_key:
            self._short = self._short + 1 if length < self._least else 0
            self._key = unit.dts
            is_wrong = is_wrong or self._short >= SHORT_GOPS
        if not is_wrong or connection in self._told:
            return ""
        self._told.append(connection)
        return self._words(length, is_over=unit.is_key)

    def _words(self, length: int, *, is_over: bool) -> str:
        limits = self._limits
        found = f"a key frame each {length / CLOCK_RATE:.1f} s" if is_over else "no key frame"
        return f"{found}; one is wanted each {limits.least_s:g} to {limits.most_s:g} s"
