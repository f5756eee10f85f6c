"""Tracks that come, go, change and jump within one connection: the program keeps its rules."""

import random
from dataclasses import replace

import pytest

from headwater.internal.v1.cmaf_pb2 import Rendition
from services.common.media.unit import CLOCK_RATE, Codec, Config, Track, Unit
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.rules import assert_all, assert_once, names, samples
from tests.packager.program.synthetic import (
    AAC_44K,
    Entry,
    Source,
    avc,
    late,
    log,
    ms,
    name_of,
    shifted,
    with_configs,
)


def _live(entries: list[Entry], **known: object) -> tuple[Logs, Program]:
    logs = Logs(media=log(entries, connection=5, **known))  # type: ignore[arg-type]
    program = Program(new_ledger(), ProgramSettings(), epoch=1)
    logs.run(program)
    assert_all(logs)
    assert_once(logs)
    return logs, program


def _names(units: list[Unit], track: Track) -> list[str]:
    return [name_of(unit.payload) for unit in units if unit.track is track]


def _assert_has_all(logs: Logs, units: list[Unit]) -> None:
    for track in Track:
        assert names(logs, track.name.lower()) == _names(units, track)


@pytest.mark.parametrize("gop_s", [0.1, 2.0, 8.33, 20.0, 1000.0])
def test_any_gop_gives_valid_lengths_and_every_unit(gop_s: float) -> None:
    """From all key frames to none but the first."""
    source = Source(tag="t", until_s=45, gop_s=gop_s)
    logs, _ = _live(with_configs(source.units(), source.configs))

    _assert_has_all(logs, source.units())


@pytest.mark.parametrize("fps", [5, 12.5, 24, 29.97, 60])
def test_any_frame_rate_gives_valid_lengths_and_every_unit(fps: float) -> None:
    """Parts are whole frames."""
    source = Source(tag="t", until_s=15, fps=fps, audio=AAC_44K)
    logs, _ = _live(with_configs(source.units(), source.configs))

    _assert_has_all(logs, source.units())


@pytest.mark.parametrize(("b_frames", "is_pyramid"), [(1, False), (3, False), (3, True)])
def test_segment_that_begins_within_a_gop_is_dated_by_what_is_shown_first(b_frames: int, is_pyramid: bool) -> None:
    """Not by its first picture, which is shown behind those that are sent after it, nor before any of them."""
    source = Source(tag="t", until_s=60, gop_s=1000, fps=10, b_frames=b_frames, is_pyramid=is_pyramid)
    logs, _ = _live(with_configs(source.units(), source.configs))

    first = logs.segments[0]
    begun = first.program_time_us - 1_000_000 * first.renditions[0].decode_time // CLOCK_RATE
    assert len(logs.segments) > 4
    for segment in logs.segments:
        decoded_us = 1_000_000 * segment.renditions[0].decode_time // CLOCK_RATE
        assert segment.program_time_us - decoded_us == pytest.approx(begun, abs=2_000)


def test_varying_frame_rate_gives_valid_lengths_and_every_unit() -> None:
    """Between 60 and 2 frames a second, as screens are shared."""
    chance, at = random.Random(1), 0.0
    pictures = []
    for number in range(400):
        pictures.append(Unit(Track.VIDEO, ms(at), 0, number % 40 == 0, f"t.V{number}.".encode()))
        at += chance.choice([1 / 60, 1 / 30, 0.1, 0.25, 0.6])
    sound = [unit for unit in Source(tag="t", until_s=at).units() if unit.track is Track.AUDIO]
    units = sorted(pictures + sound, key=lambda unit: (unit.dts, unit.track))
    logs, _ = _live(with_configs(units, Source(tag="", until_s=0).configs))

    _assert_has_all(logs, units)


@pytest.mark.parametrize("seconds", [0.3, -0.3, 0.9, -0.9, 1.5, -1.5])
def test_late_or_early_sound_is_all_there_and_in_step(seconds: float) -> None:
    """However long a track takes on its way, picture and sound stay on one clock."""
    source = Source(tag="t", until_s=12)
    logs, _ = _live(with_configs(late(source.units(), Track.AUDIO, seconds), source.configs))
    sent = {name_of(unit.payload): unit.dts / CLOCK_RATE for unit in source.units()}
    constants = [sample.begin - sent[sample.name] for sample in samples(logs)]

    _assert_has_all(logs, source.units())
    assert max(constants) - min(constants) < 0.0021


@pytest.mark.parametrize("seconds", [1.5, 9.0])
def test_sound_stamped_far_ahead_of_its_picture_squeezes_no_picture(seconds: float) -> None:
    """That a track's first unit lies far ahead is a lag between tracks, no hole in which neither went on."""
    source = Source(tag="t", until_s=12)
    sent = [shifted([unit], seconds)[0] if unit.track is Track.AUDIO else unit for unit in source.units()]
    logs = Logs(media=log(with_configs(sent, source.configs), connection=5))
    program = Program(new_ledger(), ProgramSettings(), epoch=1)
    logs.run(program)
    begins = {name_of(unit.payload): unit.dts / CLOCK_RATE for unit in sent}
    constants = [sample.begin - begins[sample.name] for sample in samples(logs)]

    _assert_has_all(logs, sent)
    assert max(constants) - min(constants) < 0.0021
    assert program.ledger.discontinuity_sequence == 0


def test_sound_that_appears_later_is_a_rendition_from_then_on() -> None:
    """No segment is cut short for it, and there is no discontinuity."""
    source = Source(tag="t", until_s=12, sound_from_s=7.03)
    entries: list[Entry] = []
    is_known = False
    for entry in with_configs(source.units(), source.configs):
        if entry == source.audio and not is_known:
            continue
        if isinstance(entry, Unit) and entry.track is Track.AUDIO and not is_known:
            assert source.audio is not None
            entries.append(source.audio)
            is_known = True
        entries.append(entry)
    logs, program = _live(entries)

    _assert_has_all(logs, source.units())
    assert program.ledger.discontinuity_sequence == 0
    assert [round(s.renditions[0].duration / CLOCK_RATE, 2) for s in logs.segments] == [2.0] * 6
    assert [len(s.renditions) for s in logs.segments] == [1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("track", list(Track))
def test_track_that_vanishes_and_comes_back_goes_on_in_its_place(track: Track) -> None:
    """Five seconds without picture or sound: the other goes on, and nothing is shifted."""
    source = Source(tag="t", until_s=18)
    units = [unit for unit in source.units() if unit.track is not track or not ms(6.5) <= unit.dts < ms(11.5)]
    logs, program = _live(with_configs(units, source.configs))
    sent = {name_of(unit.payload): unit.dts / CLOCK_RATE for unit in units}
    constants = [sample.begin - sent[sample.name] for sample in samples(logs)]

    _assert_has_all(logs, units)
    assert max(constants) - min(constants) < 0.0021
    assert program.ledger.discontinuity_sequence == 0


@pytest.mark.parametrize("hole_s", [0.5, 0.9])
def test_short_hole_is_a_standing_picture(hole_s: float) -> None:
    """Up to a second the last frame stands, and time goes on."""
    first, second = Source(tag="t", until_s=5), Source(tag="t", since_s=6, until_s=12)
    units = [*first.units(), *shifted(second.units(), hole_s - 1)]
    logs, program = _live(with_configs(units, first.configs))

    _assert_has_all(logs, units)
    assert program.ledger.discontinuity_sequence == 0


@pytest.mark.parametrize("hole_s", [1.2, 9.0])
def test_long_hole_is_a_discontinuity_with_the_right_date(hole_s: float) -> None:
    """Beyond a second the media goes on at once, and the date says what is missing."""
    first, second = Source(tag="t", until_s=5), Source(tag="t", since_s=6, until_s=12)
    units = [*first.units(), *shifted(second.units(), hole_s - 1)]
    logs, program = _live(with_configs(units, first.configs))
    dates = {head.discontinuity_sequence: head.program_time_us for _, head, _ in reversed(logs.ticks) if head.parts}

    _assert_has_all(logs, units)
    assert program.ledger.discontinuity_sequence == 1
    assert dates[1] - dates[0] == pytest.approx((5 + hole_s) * 1e6, abs=100_000)


def test_hole_right_behind_the_first_frame_is_seen() -> None:
    """Also before anything has been cut since the source began."""
    first, second = Source(tag="t", until_s=0.1), Source(tag="t", since_s=4, until_s=9)
    logs, program = _live(with_configs([*first.units(), *second.units()], first.configs))

    assert program.ledger.discontinuity_sequence == 1
    assert max(sample.end - sample.begin for sample in samples(logs)) < 0.1


def test_other_size_in_one_connection_is_another_init_segment() -> None:
    """The encoder changes its mind: one discontinuity, and each segment has one init."""
    first, second = Source(tag="t", until_s=6), Source(tag="t", since_s=6, until_s=12, video=avc((320, 180)))
    entries = with_configs(first.units(), first.configs) + with_configs(second.units(), second.configs)
    logs, program = _live(entries)

    _assert_has_all(logs, [*first.units(), *second.units()])
    assert program.ledger.discontinuity_sequence == 1
    assert len({r.init_id for s in logs.segments for r in s.renditions if r.number == 0}) == 2


def test_repeated_configs_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ingest repeats them before each key frame; a rendition is described once."""
    described: list[Config] = []
    module = "services.packager.program.program.describe"
    real = __import__("services.packager.program.rendition", fromlist=["describe"]).describe

    def count(config: Config, number: int) -> Rendition:
        described.append(config)
        return real(config, number)  # type: ignore[no-any-return]

    monkeypatch.setattr(module, count)
    source = Source(tag="t", until_s=10, gop_s=0.5)
    _live(with_configs(source.units(), source.configs))

    assert len(described) == 2


def test_track_that_cannot_be_packaged_is_left_out_and_said() -> None:
    """The other track is a program; when the config is good again the track comes back. It is said once."""
    broken = Config(Track.AUDIO, Codec.AAC, b"\xff\xff\xff")
    first, second = Source(tag="t", until_s=6), Source(tag="t", since_s=6, until_s=12)
    video = first.configs[:1]
    entries = with_configs(first.units(), (*video, broken)) + with_configs(second.units(), second.configs)
    logs, _ = _live(entries)

    assert names(logs, "video") == _names([*first.units(), *second.units()], Track.VIDEO)
    assert names(logs, "audio") == _names(second.units(), Track.AUDIO)
    said = [fact.input_rejected for fact in logs.facts if fact.HasField("input_rejected")]
    assert [(each.code, each.is_refused) for each in said] == [("ERR_UNSUPPORTED_AUDIO_CODEC", False)]
    assert said[0].reason.startswith("sound cannot be packaged: AudioSpecificConfig ")


def test_heir_that_finds_a_track_broken_says_the_same_fact() -> None:
    """Its id comes of the time, so history has it once; of what is only relayed nothing is said."""
    source, broken = Source(tag="t", until_s=8), Config(Track.AUDIO, Codec.AAC, b"\xff\xff\xff")
    media = log(with_configs(source.units(), (source.configs[0], broken)), connection=5)
    for is_relayed in (False, True):
        logs = Logs(media=media)
        ledger = new_ledger(record=not is_relayed, is_hidden=is_relayed)
        logs.run(Program(ledger, ProgramSettings(), epoch=1), stop_after=10)
        logs.run(logs.heir(epoch=2))
        said = [fact for fact in logs.facts if fact.HasField("input_rejected")]
        assert len({(fact.time_us, fact.input_rejected.reason) for fact in said}) == (0 if is_relayed else 1)
        assert len(said) == (0 if is_relayed else 2)


def test_unit_of_several_messages_survives_the_packagers_death() -> None:
    """It dies after each tick while every key frame takes many messages."""
    source = Source(tag="t", until_s=8)
    units = [
        replace(u, payload=u.payload.ljust(2000, b"\0")) if u.is_key and u.track is Track.VIDEO else u
        for u in source.units()
    ]
    logs = Logs(media=log(with_configs(units, source.configs), connection=5, piece_bytes=300))
    program, epoch = Program(new_ledger(), ProgramSettings(), epoch=1), 1
    while not logs.run(program, stop_after=1):
        epoch += 1
        program = logs.heir(epoch=epoch)

    assert_all(logs)
    _assert_has_all(logs, units)


def test_key_frames_missed_are_said_once() -> None:
    """A GOP without end is one fact, not one for each segment."""
    source = Source(tag="t", until_s=40, gop_s=1000)
    logs, _ = _live(with_configs(source.units(), source.configs))

    assert sum(fact.HasField("keyframes_missed") for fact in logs.facts) == 1
