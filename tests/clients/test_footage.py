"""Films."""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.clients import footage
from tests.clients.footage import Film, shoot
from tests.clients.frames import Frame, read_tracks


def _times(frames: Sequence[Frame]) -> list[float]:
    return sorted(float(frame.pts) for frame in frames)


@pytest.mark.parametrize(("seconds", "frames"), [(2.0, 60), (3.0, 90)])
async def test_film_has_as_many_frames_as_its_length_says_and_no_hole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seconds: float, frames: int
) -> None:
    """Also one that is the beginning of another; AAC begins with a frame more."""
    monkeypatch.setattr(footage, "LONGEST_S", 4.0)
    tracks = await read_tracks(str(shoot(Film(seconds), tmp_path)))

    times, sounds = _times(tracks.video), len(tracks.audio)
    longest = max(after - before for before, after in pairwise(times))
    assert (len(times), sounds) == (frames, math.ceil(seconds * 48_000 / 1024) + 1)
    assert longest < 0.04
