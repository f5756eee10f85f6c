"""Where the packager is likely to cut. Pure.

The unit that ends a part is what viewers wait for, so ingest writes it at once. This is a guess at the packager's
decision (services/packager/program/cutter.py), from the same data; a wrong one costs the batch delay and nothing else.
"""

from services.common.media.unit import AUDIO, CLOCK_RATE, VIDEO, Track, Unit

SEGMENT_TICKS = round(1.95 * CLOCK_RATE)
"""A key frame this long after the segment's first ends it."""
_SLACK = CLOCK_RATE // 1000
"""Stamps are rounded to milliseconds."""


class Cadence:
    """Follows the units of one connection's lead track: its picture, or the sound where no picture has come."""

    def __init__(self, part_s: float) -> None:
        self._part = round(part_s * CLOCK_RATE) + _SLACK
        self.lead: Track | None = None
        self._segment_start = 0
        self._part_start = 0
        self._last = 0

    def ends_part(self, unit: Unit) -> bool:
        """True if a part probably ends before this unit."""
        if self.lead is not unit.track:
            if self.lead is VIDEO:
                return False
            self._begin(unit)
            return False
        step, self._last = unit.dts - self._last, unit.dts
        is_key = unit.is_key and unit.track is VIDEO
        if is_key and unit.dts - self._segment_start >= SEGMENT_TICKS:
            self._segment_start = self._part_start = unit.dts
            return True
        # Sound follows the picture's cuts and may be one frame longer.
        longest = self._part + (step if unit.track is AUDIO else 0)
        if unit.dts - self._part_start + step - _SLACK <= longest:
            return False
        self._part_start = unit.dts
        return True

    def _begin(self, unit: Unit) -> None:
        self.lead = unit.track
        self._segment_start = self._part_start = self._last = unit.dts
