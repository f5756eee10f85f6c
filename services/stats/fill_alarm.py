"""When it is said that a log fills up. Pure."""

RINGS_AT = 80.0
RESTS_AT = 75.0
"""Percent of the bytes a stream may hold; it must fall below the second before the first rings again."""


class FillAlarm:
    """One stream's alarm."""

    def __init__(self) -> None:
        self._is_ringing = False

    def rings(self, percent: float) -> bool:
        """True if it begins to ring at this filling."""
        was_ringing = self._is_ringing
        self._is_ringing = percent >= (RESTS_AT if was_ringing else RINGS_AT)
        return self._is_ringing and not was_ringing
