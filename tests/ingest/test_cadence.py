"""Where parts probably end: the guess agrees with the packager's own cutter."""

import itertools

import pytest

from services.common.media.sent_ahead import SentAhead
from services.common.media.unit import CLOCK_RATE, Track, Unit
from services.ingest.cadence import Cadence
from services.packager.program.cutter import Cutter
from services.packager.program.lane import Lane
from services.packager.program.ordering import Item, Place
from services.packager.program.pace import Opening, PaceSettings, key_period, make_pace
from services.packager.program.rendition import describe
from tests.packager.program.synthetic import Source, avc


def ends(
    fps: float, gop: int, seconds: float, *, track: Track = Track.VIDEO, part_s: float = 1 / 3, start: int = 0
) -> list[int]:
    """Indices of the frames before which a part ends; stamps are rounded to milliseconds as RTMP's are."""
    cadence = Cadence(part_s)
    found = []
    for index in range(round(seconds * fps)):
        dts = start + round(index * 1000 / fps) * CLOCK_RATE // 1000
        if cadence.ends_part(Unit(track, dts, 0, track is Track.AUDIO or index % gop == 0, b"")):
            found.append(index)
    return found


@pytest.mark.parametrize(
    ("fps", "gop", "expected"),
    [
        (30, 60, [10, 20, 30, 40, 50, 60, 70, 80]),
        (25, 50, [8, 16, 24, 32, 40, 48, 50, 58, 65, 72]),
        (60, 120, [20, 40, 60, 80, 100, 120, 140, 160, 180]),
        (30, 15, [10, 20, 30, 40, 50, 60, 70, 80]),
    ],
)
def test_video_part_ends_after_as_many_whole_frames_as_fit(fps: float, gop: int, expected: list[int]) -> None:
    """A third of a second, begun anew at the key frame that ends a segment and at no other."""
    assert ends(fps, gop, 3.1 if fps != 30 else 2.9) == expected


@pytest.mark.parametrize("b_frames", [0, 2, 3])
@pytest.mark.parametrize(
    ("fps", "gop_s"), [(20, 2), (24, 2), (25, 2), (25, 4), (29.97, 2), (30, 2), (30, 1.6), (50, 2), (60, 2), (60, 1)]
)
def test_guess_agrees_with_the_packagers_own_cutter(fps: float, gop_s: float, b_frames: int) -> None:
    """From the second segment on: how long the first one is the packager has found out before it begins."""
    source = Source(tag="c", until_s=4 * max(gop_s, 2) + 0.5, fps=fps, gop_s=gop_s, b_frames=b_frames, audio=None)
    units = source.units()
    frame, ahead = CLOCK_RATE / fps, SentAhead()
    for unit in units:
        ahead.note(unit, frame)
    opening = Opening(0, gop=round(gop_s * CLOCK_RATE), frame=frame, audio_frame=1920, ahead=ahead.ticks(frame))
    pace, config = make_pace(PaceSettings(), opening), avc()
    cutter = Cutter(pace, key_period=key_period(PaceSettings(), opening.gop))
    lane = cutter.lanes[Track.VIDEO] = Lane.open(config, describe(config, 0), video_frame=pace.frame)
    cadence, found, guessed = Cadence(PaceSettings().part_s), list[int](), list[int]()
    for number, unit in enumerate(units):
        place = Place(5, 1, number)
        item, time = Item(place, 1, unit, place), unit.dts + CLOCK_RATE
        if list(cutter.due(lane, item, time, is_key=unit.is_key)):
            found.append(unit.dts)
        lane.add(item, unit, time)
        if cadence.ends_part(unit):
            guessed.append(unit.dts)
    second = cutter.key_period

    assert [at for at in guessed if at > second] == [at for at in found if at > second]
    assert len(found) > 2 * second / pace.video_part


def test_part_ends_wherever_the_clock_of_the_encoder_stands() -> None:
    """The first stamp does not matter."""
    assert ends(30, 60, 2.9, start=(1 << 33) + 12345) == ends(30, 60, 2.9)


def test_sound_alone_has_parts_too() -> None:
    """48 kHz AAC: a part holds a third of a second and at most one frame more."""
    found = ends(48_000 / 1024, 1, 3, track=Track.AUDIO)
    lengths = {later - earlier for earlier, later in itertools.pairwise(found)}
    assert lengths <= {15, 16}
    assert lengths


def test_sound_beside_a_picture_ends_nothing() -> None:
    """Sound follows the picture's cuts."""
    cadence = Cadence(1 / 3)
    cadence.ends_part(Unit(Track.AUDIO, 0, 0, True, b""))
    cadence.ends_part(Unit(Track.VIDEO, 0, 0, True, b""))
    assert cadence.lead is Track.VIDEO
    assert not any(cadence.ends_part(Unit(Track.AUDIO, at * 1920, 0, True, b"")) for at in range(500))
