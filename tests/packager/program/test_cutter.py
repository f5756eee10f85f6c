"""Where parts and segments end, for pictures and sound of any timing."""

from collections.abc import Iterable

import pytest

from services.common.media.unit import CLOCK_RATE, Track, Unit
from services.packager.program.cutter import Cutter, TickCut
from services.packager.program.lane import Lane
from services.packager.program.ordering import Item, Place
from services.packager.program.pace import PaceSettings, make_pace
from services.packager.program.rendition import describe
from tests.packager.program.synthetic import Source, late, ms


def _cutter(source: Source, *, gop_s: float | None = 2.0) -> Cutter:
    gop = None if gop_s is None else ms(gop_s)
    pace = make_pace(PaceSettings(), gop=gop, frame=CLOCK_RATE / source.fps, audio_frame=1920)
    cutter = Cutter(pace)
    for config in source.configs:
        lane = Lane.open(config, describe(config, int(config.track)), video_frame=pace.frame)
        cutter.lanes[config.track] = lane
    return cutter


def _run(cutter: Cutter, units: Iterable[Unit]) -> list[TickCut]:
    found: list[TickCut] = []
    for number, unit in enumerate(units):
        lane, time = cutter.lanes[unit.track], unit.dts + CLOCK_RATE
        if cutter.is_due(lane, time, is_key=unit.is_key):
            found += cutter.before(lane, time, is_key=unit.is_key)
        place = Place(5, 1, number)
        lane.add(Item(place, 1, unit, place), unit, time)
    return found


def _segments(cuts: list[TickCut], track: Track) -> list[float]:
    """Length of each segment of a track, in seconds."""
    scale = 90_000 if track is Track.VIDEO else 48_000
    found, length = [], 0
    for cut in cuts:
        length += sum(c.duration for c in cut.cuts if c.number == track)
        if cut.ends_segment:
            found.append(length / scale)
            length = 0
    return found


def _parts(cuts: list[TickCut], track: Track) -> list[float]:
    scale = 90_000 if track is Track.VIDEO else 48_000
    return [c.duration / scale for cut in cuts for c in cut.cuts if c.number == track]


@pytest.mark.parametrize("fps", [5, 12.5, 24, 25, 29.97, 30, 50, 60])
def test_parts_are_as_long_as_whole_frames_allow(fps: float) -> None:
    """Below the target, at most a third of a second; at 85 % of it or more but for a segment's last."""
    source = Source(tag="c", until_s=10, fps=fps, audio=None)
    cutter = _cutter(source)
    cuts = _run(cutter, source.units())
    target = cutter.pace.video_part / CLOCK_RATE

    assert all(part <= target for part in _parts(cuts, Track.VIDEO))
    assert all(part >= 0.85 * target for part in _parts([c for c in cuts if not c.ends_segment], Track.VIDEO))


def test_segment_ends_at_the_first_key_frame_after_its_length() -> None:
    """Short GOPs are gathered; sound follows the same cuts."""
    source = Source(tag="c", until_s=13, gop_s=0.5)
    cuts = _run(_cutter(source, gop_s=0.5), source.units())

    assert _segments(cuts, Track.VIDEO) == pytest.approx([2.0] * 6, abs=0.002)
    assert _segments(cuts, Track.AUDIO) == pytest.approx([2.0] * 6, abs=0.03)
    assert not any(cut.is_forced for cut in cuts)


def test_gop_without_end_is_cut_at_parts() -> None:
    """Within the target duration, and it is said that no key frame begins there."""
    source = Source(tag="c", until_s=30, gop_s=1000)
    cuts = _run(_cutter(source, gop_s=None), source.units())

    assert all(5.5 < length < 6.5 for length in _segments(cuts, Track.VIDEO))
    assert all(cut.is_forced for cut in cuts if cut.ends_segment)


def test_picture_that_stands_long_ends_its_part_and_its_segment() -> None:
    """It is alone in its part, and no segment outgrows the target for its sake."""
    source = Source(tag="c", until_s=8, audio=None, gop_s=1000)
    units = [u for u in source.units() if not 1.75 < u.dts / CLOCK_RATE % 2.2 < 2.2]
    cutter = _cutter(source)
    cuts = _run(cutter, units)

    assert all(round(length) <= 2 for length in _segments(cuts, Track.VIDEO))
    for cut in cuts:
        assert all(len(c.samples) == 1 or c.duration <= cutter.pace.video_part for c in cut.cuts)


@pytest.mark.parametrize("every_s", [0.5, 1.0, 2.5])
def test_sound_that_comes_in_bursts_gets_ticks_of_its_own(every_s: float) -> None:
    """No part of it is longer than its target, and no segment longer than the target duration."""
    source = Source(tag="c", until_s=20)
    found: list[Unit] = []
    held: list[Unit] = []
    for unit in source.units():
        if unit.track is Track.AUDIO:
            held.append(unit)
            continue
        if held and unit.dts - held[0].dts > ms(every_s):
            found, held = [*found, *held], []
        found.append(unit)
    cutter = _cutter(source)
    cuts = _run(cutter, found)

    assert all(part <= cutter.pace.audio_part / CLOCK_RATE for part in _parts(cuts, Track.AUDIO))
    assert all(round(length) <= 2 for length in _segments(cuts, Track.AUDIO))
    assert any(len(cut.cuts) == 1 and cut.cuts[0].number == Track.AUDIO for cut in cuts)


@pytest.mark.parametrize("seconds", [0.3, -0.3])
def test_late_or_early_sound_has_parts_of_the_usual_length(seconds: float) -> None:
    """It is put out as it comes, a little behind, or kept until the picture is there."""
    source = Source(tag="c", until_s=20)
    cutter = _cutter(source)
    cuts = _run(cutter, late(source.units(), Track.AUDIO, seconds))
    parts = _parts([cut for cut in cuts if not cut.ends_segment], Track.AUDIO)[2:]

    assert all(0.85 * cutter.pace.audio_part <= part * CLOCK_RATE <= cutter.pace.audio_part for part in parts)


def test_sound_leads_while_no_picture_comes() -> None:
    """Segments go on, cut at the segment length; when pictures come again they lead."""
    source = Source(tag="c", until_s=20)
    units = [u for u in source.units() if u.track is Track.AUDIO or not 5 < u.dts / CLOCK_RATE < 13]
    cuts = _run(_cutter(source), units)

    assert all(length < 2.46 for length in _segments(cuts, Track.AUDIO))
    assert sum(_parts(cuts, Track.AUDIO)) > 17.5


def test_flush_puts_out_all_and_ends_the_segment() -> None:
    """In as many ticks as the lengths ask for; the last one ends the segment."""
    source = Source(tag="c", until_s=3.2)
    early = late(source.units(), Track.AUDIO, -0.9)
    cutter = _cutter(source)
    cuts = _run(cutter, early)
    flushed = list(cutter.flush())

    assert not cutter.has_pending
    assert [cut.ends_segment for cut in flushed] == [False] * (len(flushed) - 1) + [True]
    assert all(part <= cutter.pace.audio_part / CLOCK_RATE for part in _parts(flushed, Track.AUDIO))
    samples = sum(len(c.samples) for cut in [*cuts, *flushed] for c in cut.cuts)
    assert samples == len(early)


def test_flush_of_nothing_is_nothing() -> None:
    """There is no segment to end."""
    source = Source(tag="c", until_s=0)

    assert list(_cutter(source).flush()) == []
