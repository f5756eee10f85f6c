"""How many frames a part has where pictures are sent ahead of those shown before them: the packager chooses so, and
ingest guesses it. Pure. Times are ticks of 90 kHz.
"""

import math

from services.common.media.unit import CLOCK_RATE, Unit

BUFFER_PADDING = CLOCK_RATE // 5
"""hls.js takes a segment for loaded of which no more is missing than this (`FragmentTracker.bufferPadding`)."""

STRETCH = 1.25
"""A part is longer than was set by no more than this."""

_ENOUGH = BUFFER_PADDING + CLOCK_RATE // 1000  # stamps are rounded to milliseconds


class SentAhead:
    """How much of what is shown later has been sent with the pictures before any cut, at most so far."""

    def __init__(self) -> None:
        self._most = 0.0
        self._shown_until = -math.inf

    def note(self, unit: Unit, frame: float) -> None:
        """Take the next picture, in the order of decoding; `frame` is the usual interval."""
        self._most = max(self._most, self._shown_until - unit.dts)
        self._shown_until = max(self._shown_until, unit.dts + unit.cts + frame)

    def ticks(self, frame: float) -> float:
        """0 if that is less than half a frame: none are reordered."""
        return self._most if 2 * self._most > frame else 0


def frames_to_a_part(part: float, *, frame: float, segment: int, ahead: float) -> int:
    """How many frames of the picture a part has room for: as many as fit into `part`, what was set.

    Up to a quarter more where pictures are reordered: `ahead` of what the last part of a `segment` shows is buffered
    before it is loaded, and if no more than BUFFER_PADDING is missing then, hls.js may leave it out (docs/players.md).
    It is the first number with which more is missing, else the one with which most is; `segment` 0: nobody knows.
    """
    fitting = max(1, math.floor(part / frame))
    if not ahead or not segment:
        return fitting
    frames = max(1, round(segment / frame))
    longest = max(fitting, math.floor(STRETCH * part / frame))

    def missing(most: int) -> float:
        return frames // math.ceil(frames / most) * frame - ahead

    return max(range(fitting, longest + 1), key=lambda most: min(missing(most), _ENOUGH))
