"""Where the packager is likely to cut. Pure.

The unit that ends a part is what viewers wait for, so ingest writes it at once. This is a guess at the packager's
decision (services/packager/program/cutter.py), from the same data; a wrong one costs the batch delay and nothing else.
"""

from services.common.media.even_parts import ends_part
from services.common.media.sent_ahead import SentAhead, frames_to_a_part
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
        self._segment = 0
        """How long the segment before was; 0 while there is none."""
        self._part_start = 0
        self._first = 0
        self._last = 0
        self._count = 0
        """Units since the first."""
        self._ahead = SentAhead()

    def ends_part(self, unit: Unit) -> bool:
        """True if a part probably ends before this unit."""
        if self.lead is not unit.track:
            if self.lead is VIDEO:
                return False
            self._begin(unit)
            return False
        step, self._last = unit.dts - self._last, unit.dts
        self._count += 1
        self._ahead.note(unit, step)
        is_key = unit.is_key and unit.track is VIDEO
        if is_key and unit.dts - self._segment_start >= SEGMENT_TICKS:
            self._segment, self._segment_start = unit.dts - self._segment_start, unit.dts
            self._part_start = unit.dts
            return True
        if not self._is_full(unit, step):
            return False
        self._part_start = unit.dts
        return True

    def _is_full(self, unit: Unit, step: int) -> bool:
        """True if the part ends before a unit that is no key frame; `step` is from the unit before."""
        elapsed = unit.dts - self._part_start
        if unit.track is AUDIO:  # it is cut where a picture would be, so it may be one frame longer
            return elapsed > self._part + _SLACK
        frame = (unit.dts - self._first) / self._count
        most = frames_to_a_part(self._part, frame=frame, segment=self._segment, ahead=self._ahead.ticks(frame))
        target = most * round(frame) + _SLACK
        left = self._segment_start + self._segment - self._part_start
        return ends_part(elapsed, step - _SLACK, target=target, frame=frame, left=left)

    def _begin(self, unit: Unit) -> None:
        self.lead = unit.track
        self._segment_start = self._part_start = self._first = self._last = unit.dts
