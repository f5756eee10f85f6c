"""Where parts and segments end, for pictures and sound of any timing."""

from collections.abc import Iterable

import pytest

from services.common.media.unit import CLOCK_RATE, Codec, Config, Track, Unit
from services.packager.program.cutter import Cutter, TickCut
from services.packager.program.lane import Lane
from services.packager.program.ordering import Item, Place
from services.packager.program.pace import Opening, PaceSettings, key_period, make_pace
from services.packager.program.rendition import describe
from tests.packager.program.synthetic import Source, avc, late, ms


def _cutter(source: Source, *, gop_s: float | None = 2.0) -> Cutter:
    gop = None if gop_s is None else ms(gop_s)
    pace = make_pace(PaceSettings(), Opening(0, gop=gop, frame=CLOCK_RATE / source.fps, audio_frame=1920))
    cutter = Cutter(pace, key_period=key_period(PaceSettings(), gop))
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


@pytest.mark.parametrize(
    ("fps", "gop_s"), [(25, 2), (25, 10), (50, 2), (30, 1.6), (30, 250 / 30), (24, 2), (30, 2), (60, 2)]
)
def test_parts_of_a_segment_are_alike(fps: float, gop_s: float) -> None:
    """None is a rest of a few frames, where whole parts would not fill a segment; so, too, those of the sound."""
    source = Source(tag="c", until_s=30.5, fps=fps, gop_s=gop_s)
    cutter = _cutter(source, gop_s=gop_s)
    cuts = _run(cutter, source.units())
    targets = {Track.VIDEO: cutter.pace.video_part, Track.AUDIO: cutter.pace.audio_part}

    for track, target in targets.items():
        parts = _parts(cuts, track)
        assert all(0.85 * target <= part * CLOCK_RATE <= target for part in parts), (track, parts)


@pytest.mark.parametrize(
    ("fps", "gop_s", "lasts"),
    [(25, 2, [0.08, *[0.28] * 4]), (25, 13, [0.32, 0.2, 0.32, 0.28])],
    ids=["short", "longer-than-segments"],
)
def test_gop_that_was_not_known_at_first_is_known_when_one_is_over(
    fps: float, gop_s: float, lasts: list[float]
) -> None:
    """The first one has a rest, the next ones have none; also where segments are cut within GOPs."""
    source = Source(tag="c", until_s=len(lasts) * min(gop_s, 8) + 0.5, fps=fps, gop_s=gop_s, audio=None)
    cuts = _run(_cutter(source, gop_s=None), source.units())

    assert [c.duration / CLOCK_RATE for cut in cuts if cut.ends_segment for c in cut.cuts] == pytest.approx(
        lasts, abs=0.001
    )


@pytest.mark.parametrize("more", [1, -1])
def test_segment_a_frame_longer_or_shorter_than_the_last_ends_with_a_part_like_the_others(more: int) -> None:
    """The key frame ends it, and not what was expected."""
    short, long = (Source(tag=tag, until_s=30, gop_s=gop_s, audio=None) for tag, gop_s in (("s", 59 / 30), ("l", 2)))
    before, after = (short, long) if more > 0 else (long, short)
    cuts = _run(_cutter(before, gop_s=before.gop_s), after.units())

    assert min(_parts(cuts, Track.VIDEO)) >= 0.29


@pytest.mark.parametrize("fps", [24, 29.97, 30, 48, 50, 60])
def test_parts_of_an_encoder_with_another_frame_rate_are_long_enough(fps: float) -> None:
    """After a failover from 25 a second: what was chosen for those suits it less well, and breaks no rule."""
    usual, other = Source(tag="u", until_s=1, fps=25), Source(tag="o", until_s=20, fps=fps, audio=None)
    cutter = _cutter(usual)
    cuts = [cut for cut in _run(cutter, other.units()) if not cut.ends_segment]

    assert all(0.85 * cutter.pace.video_part <= part * CLOCK_RATE for part in _parts(cuts, Track.VIDEO))


@pytest.mark.parametrize("rate", [24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("fps", [25, 50])
def test_sound_keeps_up_with_parts_of_two_lengths(fps: float, rate: int) -> None:
    """Each tick has some, and no part of it is a rest, wherever its frames lie."""
    for phase in range(5):
        units, period = Source(tag="c", until_s=20, fps=fps, audio=None).units(), 1024 * CLOCK_RATE / rate
        sound = [
            Unit(Track.AUDIO, round((number + phase / 5) * period), 0, True, b"")
            for number in range(int(20 * rate / 1024))
        ]
        cutter = _cutter_of(fps, rate)
        cuts = _run(cutter, sorted([*units, *sound], key=lambda unit: (unit.dts, unit.track)))
        parts = [c.duration / rate for cut in cuts for c in cut.cuts if c.number == Track.AUDIO]

        assert all(len(cut.cuts) == 2 for cut in cuts)
        assert min(parts[1:]) >= 0.85 * cutter.pace.audio_part / CLOCK_RATE, phase


def _cutter_of(fps: float, rate: int) -> Cutter:
    """For GOPs of 2 s, and sound of that rate."""
    gop, index = 2 * CLOCK_RATE, {48_000: 3, 44_100: 4, 32_000: 5, 24_000: 6}[rate]
    sound = Config(Track.AUDIO, Codec.AAC, bytes([0x10 | index >> 1, (index & 1) << 7 | 0x10]))
    opening = Opening(0, gop=gop, frame=CLOCK_RATE / fps, audio_frame=1024 * CLOCK_RATE / rate)
    pace = make_pace(PaceSettings(), opening)
    cutter = Cutter(pace, key_period=key_period(PaceSettings(), gop))
    for config in (avc(), sound):
        cutter.lanes[config.track] = Lane.open(config, describe(config, int(config.track)), video_frame=pace.frame)
    return cutter


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

    assert all(9.5 < length < 10.5 for length in _segments(cuts, Track.VIDEO))
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
