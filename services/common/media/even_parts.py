"""How long parts are where whole ones do not fill a segment: the packager cuts so, and ingest guesses it. Pure.

Without it 50 frames at 25 a second are six parts of 8 and one of 2, and hls.js leaves out a rest so short if it is
listed while the part before is loading, and stands there. Here they are 8, 7, 7, 7, 7, 7 and 7.
"""

import math

from services.common.media.unit import CLOCK_RATE, Unit

NEAR = CLOCK_RATE // 5
"""hls.js takes a segment for loaded of which no more is missing than this (`bufferPadding`), 90 kHz."""

STRETCH = 1.25
"""A part is longer than was set by no more than this, for that."""

MIN_FILL = 0.85
"""A part that is not its segment's last fills at least this much of the target (RFC 8216bis 4.4.4.9)."""


def ends_part(elapsed: int, step: int, *, target: int, frame: float, left: int) -> bool:
    """True if a part that has lasted `elapsed` ends before a frame of `step`.

    It may not be longer than `target`. `frame` is the usual interval of frames, and `left` how long it was from the
    part's beginning to the key frame that ends the segment, 0 or less where nobody knows. There are as few parts until
    then as can be. They differ by a frame, the longer ones first; the last one is ended by the key frame alone.
    """
    if elapsed + step > target:
        return True
    if elapsed < MIN_FILL * target:
        return False
    most, frames = _most(target, frame), round(left / frame)
    return frames > most and elapsed + step > (math.ceil(frames / math.ceil(frames / most)) + 0.5) * frame


class SentAhead:
    """How much of what is shown later has been sent with the pictures before any cut, at most so far (90 kHz)."""

    def __init__(self) -> None:
        self._most = 0
        self._shown_until: int | None = None

    def note(self, unit: Unit, frame: float) -> None:
        """Take the next picture, in the order of decoding; `frame` is the usual interval."""
        if self._shown_until is not None:
            self._most = max(self._most, self._shown_until - unit.dts)
        self._shown_until = max(self._shown_until or unit.dts, unit.dts + unit.cts + round(frame))

    def ticks(self, frame: float) -> int:
        """0 if that is less than half a frame: none are reordered."""
        return self._most if 2 * self._most > frame else 0


def most_frames(part: float, *, frame: float, segment: int, ahead: int) -> int:
    """How many frames of the picture a part has room for: as many as fit into `part`, what was set.

    Up to a quarter more where pictures are reordered: `ahead` of what the last part of a `segment` shows is buffered
    before it is loaded, and if no more than NEAR is missing then, hls.js may leave it out (docs/players.md).
    """
    fitting = max(1, math.floor(part / frame))
    if not ahead or not segment:
        return fitting

    def missing(most: int) -> float:
        frames = max(1, round(segment / frame))
        return frames // math.ceil(frames / most) * frame - ahead

    enough = NEAR + CLOCK_RATE // 1000  # stamps are rounded to milliseconds
    longest = max(fitting, math.floor(STRETCH * part / frame))
    return max(range(fitting, longest + 1), key=lambda most: min(missing(most), enough))


def shortest_part(target: int, *, frame: float, segment: int) -> float:
    """The shortest part of a `segment` that ends when it was expected to; 0: of one of which nobody knows."""
    most, frames = _most(target, frame), round(segment / frame)
    alike = frames // math.ceil(frames / most) if frames > most else most
    return max(alike, math.ceil(MIN_FILL * target / frame)) * frame


def _most(target: int, frame: float) -> int:
    return max(1, int(target // frame))
