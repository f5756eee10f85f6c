"""Where one source ends and another goes on: picture and sound each without a seam that the data does not force."""

import itertools
import random
from dataclasses import dataclass, replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.common.media.unit import CLOCK_RATE, Track, Unit
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.encoder import Message
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.rules import Sample, assert_all, samples
from tests.packager.program.synthetic import START_US, Source, late, log, merged, name_of, with_configs

S = 1_000_000
ROUNDING = 0.0021
"""Encoders send times in whole milliseconds."""

SOUND_FRAME = 1024 / 48_000


@dataclass(frozen=True)
class Encoder:
    """A source, and how it comes to its end."""

    source: Source
    sound_late_s: float = 0.0
    """Less than 0: its sound runs ahead of its picture."""
    end: str = "torn"
    """"clean": it says goodbye; "torn": its connection breaks; "silent": nobody knows."""

    def log(
        self, connection: int, instance: str = "primary", start_s: float = 0.0, *, until_s: float = 1e9
    ) -> list[Message]:
        """All that it sends, to `until_s`, when it dies with whatever had come by then."""
        units = late(self.source.units(), Track.AUDIO, self.sound_late_s)
        arrived = [unit for unit in units if _arrival(unit, self.sound_late_s) < until_s]
        return log(
            with_configs(arrived, self.source.configs),
            connection=connection,
            instance=instance,
            start_us=START_US + round(start_s * S),
            every_s=0.05,
            closed=self.end != "silent",
            is_clean=self.end == "clean",
        )


def _arrival(unit: Unit, sound_late_s: float) -> float:
    return unit.dts / CLOCK_RATE + (sound_late_s if unit.track is Track.AUDIO else 0)


def _live(media: list[Message]) -> Logs:
    logs = Logs(media=media)
    program = Program(new_ledger(), ProgramSettings(), epoch=1)
    logs.run(program)
    logs.write(program, program.end("order", media[-1].stamp_us))
    assert_all(logs)
    return logs


def _track(logs: Logs, name: str) -> list[Sample]:
    return [sample for sample in samples(logs) if sample.rendition == name]


def _assert_both_tracks(logs: Logs) -> None:
    lacking = [segment.msn for segment in logs.segments if len(segment.renditions) < len(Track)]
    assert lacking == []


def _assert_picture_goes_on(logs: Logs, *sources: Source) -> None:
    """No picture over another, none missing but those that were to be shown before one that was out already."""
    found = sorted(_track(logs, "video"), key=lambda sample: sample.shown)
    places = {
        name_of(unit.payload): round((unit.dts + unit.cts) / CLOCK_RATE * source.fps)
        for source in sources
        for unit in source.units()
    }
    for before, after in itertools.pairwise(found):
        frame = max(1 / source.fps for source in sources)
        step = after.shown - before.shown
        never_came = places[after.name] - places[before.name] - 1 if before.name[0] == after.name[0] else 0
        assert 0.5 / max(source.fps for source in sources) - ROUNDING < step, (before, after)
        assert step < frame * (1 + never_came) + ROUNDING, (before, after)


def _assert_decoded_in_time(logs: Logs, first: Source, second: Source) -> None:
    """Without a hole, but that at a join decoding waits until it is shown what comes, after all that came before."""
    frame, reordered_s = max(1 / first.fps, 1 / second.fps), first.b_frames / first.fps + first.delay_s
    for before, after in itertools.pairwise(_track(logs, "video")):
        is_joint = after.breaks > before.breaks
        assert after.begin - before.end < ROUNDING + (reordered_s if is_joint else 0), (before, after)
        assert is_joint or after.begin - before.begin <= 2 * frame + ROUNDING, (before, after)
        assert not is_joint or after.shown - after.begin < ROUNDING, (before, after)


def _assert_buffered_without_a_hole(logs: Logs, sound_s: float = SOUND_FRAME) -> None:
    """As players lay it out: the first decode time after a discontinuity where the picture before it ended."""
    offset, ends = 0.0, {"video": 0.0, "audio": 0.0}
    breaks = 0
    # Of a segment the picture comes first: it says where both go.
    for sample in sorted(samples(logs), key=lambda sample: (sample.breaks, sample.rendition == "audio")):
        if sample.breaks > breaks:
            breaks, offset = sample.breaks, ends["video"] - sample.begin
        if sample.rendition == "audio":
            assert not ends["audio"] or sample.begin + offset - ends["audio"] < sound_s + ROUNDING, sample
        ends[sample.rendition] = max(ends[sample.rendition], sample.shown + sample.end - sample.begin + offset)
    assert abs(offset) < ROUNDING * (breaks + 1)


def _assert_renditions_begin_together(logs: Logs, within_s: float = 0.0) -> None:
    """After a discontinuity players take it that they do: what is shorter than the difference they may skip."""
    first = {(sample.breaks, sample.rendition): sample.begin for sample in reversed(list(samples(logs)))}
    for breaks in range(1, logs.ticks[-1][1].discontinuity_sequence + 1):
        assert abs(first[breaks, "video"] - first[breaks, "audio"]) < SOUND_FRAME + within_s + ROUNDING, first


def _assert_in_step(logs: Logs, *encoders: Encoder) -> None:
    """One offset holds for both renditions of a source; at its beginning sound moves by half a frame at most."""
    for encoder in encoders:
        sent = {name_of(unit.payload): (unit.dts + unit.cts) / CLOCK_RATE for unit in encoder.source.units()}
        mine = [sample for sample in samples(logs) if sample.name in sent]
        moved = {name: [s.shown - sent[s.name] for s in mine if s.rendition == name] for name in ("video", "audio")}
        # What never came lets pictures behind it be shown earlier: the first ones say where the picture is.
        offset = moved["video"][0]
        assert all(abs(each - offset) < SOUND_FRAME / 2 + ROUNDING for each in moved["audio"])


def _assert_dates_advance(logs: Logs) -> None:
    """Also where up to a GOP is shown again."""
    dates = [segment.program_time_us for segment in logs.segments]
    assert all(after > before for before, after in itertools.pairwise(dates)), dates


def _assert_dates_add_up(logs: Logs) -> None:
    """A segment lasts to the next one's date, also where its first picture is decoded later than it was to be."""
    for before, after in itertools.pairwise(logs.segments):
        length_us = before.renditions[0].duration * S // CLOCK_RATE
        assert abs(after.program_time_us - before.program_time_us - length_us) < 10_000, (before, after)


ENCODERS = st.builds(
    Encoder,
    source=st.builds(
        Source,
        tag=st.just("p"),
        until_s=st.just(12.0),
        gop_s=st.sampled_from([0.5, 1.0, 2.0, 4.0]),
        fps=st.sampled_from([25.0, 30.0, 60.0]),
        b_frames=st.integers(0, 3),
        is_pyramid=st.booleans(),
    ),
    sound_late_s=st.sampled_from([0.0, 0.0, 0.05, 0.2, -0.05, -0.2, -0.4]),
    end=st.sampled_from(["clean", "torn", "silent"]),
)


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(ENCODERS, ENCODERS, st.floats(4.0, 8.2))
def test_other_instance_goes_on_where_the_picture_ended(first: Encoder, second: Encoder, dies_s: float) -> None:
    """Whenever the one on air dies, and however either reorders frames or leads with its sound."""
    second = replace(second, source=replace(second.source, tag="q"))
    media = merged(first.log(5, until_s=dies_s), second.log(6, "secondary", 0.02))
    logs = _live(media)

    _assert_both_tracks(logs)
    _assert_picture_goes_on(logs, first.source, second.source)
    _assert_decoded_in_time(logs, first.source, second.source)
    # A picture that is in a part waits for those before it which never came.
    waited_s = first.source.b_frames / first.source.fps
    _assert_buffered_without_a_hole(logs, SOUND_FRAME + waited_s)
    _assert_renditions_begin_together(logs, waited_s)
    _assert_in_step(logs, first, second)
    _assert_dates_advance(logs)


def _short_s(encoder: Encoder) -> float:
    """How much of its sound may be missing as it dies: what comes later than the picture, and what was under way."""
    return max(encoder.sound_late_s, 0) + encoder.source.delay_s + 4 / encoder.source.fps + SOUND_FRAME


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(ENCODERS, ENCODERS, st.floats(4.0, 8.2), st.sampled_from([0.3, 5.0]))
def test_encoder_that_comes_back_goes_on_where_the_picture_ended(
    first: Encoder, second: Encoder, dies_s: float, away_s: float
) -> None:
    """All that it sends is new: only sound may have a hole, as long as the first one's sound was short."""
    first = replace(first, end="torn" if first.end == "silent" else first.end)
    second = replace(second, source=replace(second.source, tag="q", until_s=5.0))
    logs = _live([*first.log(5, until_s=dies_s), *second.log(9, start_s=dies_s + away_s)])
    pictures = [sample for sample in _track(logs, "video") if sample.name[0] == "q"]

    _assert_both_tracks(logs)
    _assert_picture_goes_on(logs, first.source, second.source)
    _assert_decoded_in_time(logs, first.source, second.source)
    _assert_buffered_without_a_hole(logs, _short_s(first))
    _assert_renditions_begin_together(logs, max(-first.sound_late_s, 0) + 2 / first.source.fps)
    _assert_in_step(logs, first, second)
    _assert_dates_advance(logs)
    assert len(pictures) == len([unit for unit in second.source.units() if unit.track is Track.VIDEO])


@pytest.mark.parametrize("b_frames", [0, 2])
def test_packager_that_dies_while_a_connection_ends_leaves_all_of_it_to_its_heir(b_frames: int) -> None:
    """Between any two of the last ticks: nothing is missing or doubled, and its sound lasts as long."""
    media = Encoder(Source(tag="p", until_s=9, b_frames=b_frames), sound_late_s=0.15, end="torn").log(5, until_s=6.7)
    whole = Logs(media=media)
    whole.run(Program(new_ledger(), ProgramSettings(), epoch=1))
    for ticks in range(len(whole.ticks) - 5, len(whole.ticks)):
        logs = Logs(media=media)
        logs.run(Program(new_ledger(), ProgramSettings(), epoch=1), stop_after=ticks)
        heir = logs.heir(epoch=2)
        logs.run(heir)

        assert heir.ledger.state.source.is_closed
        for name in ("video", "audio"):
            found, expected = _track(logs, name), _track(whole, name)
            assert [sample.name for sample in found] == [sample.name for sample in expected]
            assert found[-1].end == pytest.approx(expected[-1].end, abs=ROUNDING)


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("late_s", [0.0, 0.05, 0.15])
@pytest.mark.parametrize("dies_s", [6.1, 6.7, 7.4])
def test_heir_goes_over_to_another_source_as_who_began_would(dies_s: float, late_s: float, b_frames: int) -> None:
    """Every frame where it would have been."""
    first = Encoder(Source(tag="p", until_s=9, b_frames=b_frames), sound_late_s=late_s)
    second = Encoder(replace(first.source, tag="q"))
    media = merged(first.log(5, until_s=dies_s), second.log(6, "secondary", 0.4))
    whole, logs = Logs(media=media), Logs(media=media)
    whole.run(Program(new_ledger(), ProgramSettings(), epoch=1))
    logs.run(Program(new_ledger(), ProgramSettings(), epoch=1), stop_after=7)
    logs.run(logs.heir(epoch=2))

    for name in ("video", "audio"):
        found, expected = ([(s.name, s.begin, s.end) for s in _track(each, name)] for each in (logs, whole))
        assert found == expected


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("after_s", [0.1, 0.2, 0.3])
def test_twin_that_dies_behind_a_key_frame_is_replaced_without_a_trace(after_s: float, b_frames: int) -> None:
    """What would be a segment of less than a part is left to the other: no frame is doubled or missing."""
    first = Encoder(Source(tag="p", until_s=9, b_frames=b_frames))
    second = Encoder(replace(first.source, tag="q"))
    logs = _live(merged(first.log(5, until_s=6.0 + after_s), second.log(6, "secondary", 0.005)))
    numbers = [int(sample.name[3:-1]) for sample in _track(logs, "video")]

    assert numbers == list(range(270))
    assert min(segment.renditions[0].duration for segment in logs.segments[:-1]) > CLOCK_RATE
    _assert_dates_add_up(logs)
    _assert_buffered_without_a_hole(logs)


@pytest.mark.parametrize("frames", range(12))
def test_segment_that_was_cut_without_a_key_frame_is_not_left_with_a_hole(frames: int) -> None:
    """What is shown before a picture that is out is put out, too, though the other instance has it."""
    first = Encoder(Source(tag="p", until_s=20, gop_s=8, b_frames=3))
    second = Encoder(replace(first.source, tag="q", until_s=20))
    logs = _live(merged(first.log(5, until_s=6.3 + frames / 30), second.log(6, "secondary", 0.9)))
    shown = sorted(sample.shown for sample in _track(logs, "video"))

    assert logs.ticks[-1][1].discontinuity_sequence == 1
    assert max(after - before for before, after in itertools.pairwise(shown)) < 2 / 30 + ROUNDING


@pytest.mark.parametrize("end", ["torn", "silent"])
@pytest.mark.parametrize("apart_s", [0.0, 0.9, 3.4])
@pytest.mark.parametrize("gop_s", [2.0, 8.0])
def test_join_doubles_or_misses_at_most_one_gop(gop_s: float, apart_s: float, end: str) -> None:
    """Of the same pictures, whether or not the key frames of both are the same ones."""
    first = Encoder(Source(tag="p", until_s=20, gop_s=gop_s, b_frames=2), end=end)
    second = Encoder(replace(first.source, tag="q", until_s=26))
    logs = _live(merged(first.log(5, until_s=13.2), second.log(6, "secondary", apart_s)))
    shown = sorted(_track(logs, "video"), key=lambda sample: sample.shown)
    at = next(place for place, sample in enumerate(shown) if sample.name[0] == "q")
    last, following = (int(sample.name[3:-1]) for sample in shown[at - 1 : at + 1])
    missing_s = (following + round(apart_s * 30) - last - 1) / 30

    assert -gop_s <= missing_s <= min(gop_s, 1.0), missing_s
    _assert_buffered_without_a_hole(logs)
    _assert_renditions_begin_together(logs)


@pytest.mark.parametrize("frames", range(8))
def test_encoder_that_dies_at_a_key_frame_leaves_no_segment_without_sound(frames: int) -> None:
    """What is too short to have both goes into the segment before."""
    first = Encoder(Source(tag="p", until_s=9, b_frames=2))
    second = Source(tag="q", until_s=4, b_frames=2)
    dies_s = 6.0 + frames / 60
    logs = _live([*first.log(5, until_s=dies_s), *Encoder(second).log(9, start_s=11.0)])

    _assert_both_tracks(logs)
    assert len([s for s in _track(logs, "video") if s.name[0] == "p"]) == len(
        [u for u in first.source.units() if u.track is Track.VIDEO and u.dts / CLOCK_RATE < dies_s]
    )


@pytest.mark.parametrize(("b_frames", "is_pyramid"), [(0, False), (1, False), (2, False), (2, True), (3, True)])
def test_renditions_of_a_segment_begin_together(b_frames: int, is_pyramid: bool) -> None:
    """Sound is cut where the key frame is shown, so the dates of both say the same within a frame of sound."""
    source = Source(tag="p", until_s=12, b_frames=b_frames, is_pyramid=is_pyramid)
    logs = _live(Encoder(source, end="clean").log(5))
    starts = [{r.name: r.decode_time / r.timescale for r in segment.renditions} for segment in logs.segments[1:]]

    assert len(starts) >= 4
    for start in starts:
        assert -0.001 < start["audio"] - (start["video"] + source.delay_s) < SOUND_FRAME + 0.001


@pytest.mark.parametrize("seed", range(8))
def test_heirs_join_as_one_packager_would(seed: int) -> None:
    """Whoever dies before, in or after a change of source leaves enough to go on with."""
    chance = random.Random(seed)
    first = Encoder(Source(tag="p", until_s=9, b_frames=2), sound_late_s=chance.choice([-0.2, 0.0, 0.1]))
    second = Encoder(Source(tag="q", until_s=12, b_frames=chance.choice([0, 2])))
    media = merged(first.log(5, until_s=chance.uniform(5, 7)), second.log(6, "secondary", 0.02))
    logs, epoch = Logs(media=media), 1
    program = Program(new_ledger(), ProgramSettings(), epoch=epoch)
    while not logs.run(program, stop_after=chance.randint(1, 6)):
        epoch += 1
        program = logs.heir(epoch=epoch)

    assert_all(logs)
    _assert_both_tracks(logs)
    _assert_picture_goes_on(logs, first.source, second.source)
    _assert_in_step(logs, first, second)
    _assert_dates_advance(logs)
    _assert_buffered_without_a_hole(logs)
