"""How the frames of a recording follow each other, where it was joined from several encoders."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from tests.clients.frames import Frame


@dataclass(frozen=True)
class Jump:
    """Two frames that follow each other in the recording and not in the film."""

    place: int
    """Of the second one, in the recording."""

    by: int
    """Frames of the film left out if above 0, shown again if below."""


def jumps(films: Sequence[Sequence[Frame]], kept: Sequence[Frame]) -> list[Jump]:
    """Where the recording leaves the order of the films, which show the same; AssertionError for a frame of none."""
    places = {frame.md5: number for film in films for number, frame in enumerate(film)}
    strangers = [number for number, frame in enumerate(kept) if frame.md5 not in places]
    assert strangers == [], f"{len(strangers)} frames that nobody sent, the first at {strangers[:5]}"
    numbers = [places[frame.md5] for frame in kept]
    return [Jump(at, now - before - 1) for at, (before, now) in enumerate(pairwise(numbers), 1) if now != before + 1]


def holes(kept: Sequence[Frame], usual: Fraction) -> list[str]:
    """Where more than one frame's time is missing between two that are shown in a row, or decode time runs back."""
    back = [f"decoded back at frame {at}" for at, (a, b) in enumerate(pairwise(kept), 1) if b.dts <= a.dts]
    shown = sorted(frame.pts for frame in kept)
    steps = [(at, now - before) for at, (before, now) in enumerate(pairwise(shown), 1)]
    missing = [f"{float(step):.3f} s before frame {at}" for at, step in steps if step > 2 * usual + Fraction(2, 1000)]
    # Rounding to milliseconds aside no two are shown at one time.
    twice = [f"{float(step):.3f} s before frame {at}" for at, step in steps if step < usual / 2]
    return back + missing + twice


def owners(kept: Sequence[Frame], films: Sequence[Sequence[Frame]]) -> list[int]:
    """From which film the frames are, said once for each run of frames. -1: from none."""
    names = [{frame.md5 for frame in film} for film in films]
    runs: list[int] = []
    for frame in kept:
        owner = next((number for number, known in enumerate(names) if frame.md5 in known), -1)
        if not runs or runs[-1] != owner:
            runs.append(owner)
    return runs
