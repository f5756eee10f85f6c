"""How long parts are where whole ones do not fill a segment: the packager cuts so, and ingest guesses it. Pure.

Without it 50 frames at 25 a second are six parts of 8 and one of 2, and hls.js leaves out a rest so short if it is
listed while the part before is loading, and stands there. Here they are 8, 7, 7, 7, 7, 7 and 7.
"""

import math

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


def shortest_part(target: int, *, frame: float, segment: int) -> float:
    """The shortest part of a `segment` that ends when it was expected to; 0: of one of which nobody knows."""
    most, frames = _most(target, frame), round(segment / frame)
    alike = frames // math.ceil(frames / most) if frames > most else most
    return max(alike, math.ceil(MIN_FILL * target / frame)) * frame


def _most(target: int, frame: float) -> int:
    return max(1, int(target // frame))
