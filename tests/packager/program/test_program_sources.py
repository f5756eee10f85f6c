"""Encoders that come, go, stall and replace each other: one continuous program."""

import itertools
from dataclasses import replace

import pytest

from services.common.media.unit import CLOCK_RATE, Track
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.encoder import Message
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.rules import assert_all, names, samples
from tests.packager.program.synthetic import (
    AAC_44K,
    START_US,
    Source,
    avc,
    log,
    merged,
    name_of,
    shifted,
    with_configs,
)

S = 1_000_000


def _live(media: list[Message], **rules: object) -> tuple[Logs, Program]:
    logs = Logs(media=media)
    program = Program(new_ledger(**rules), ProgramSettings(), epoch=1)
    logs.run(program)
    assert_all(logs)
    return logs, program


def _sent(source: Source, **known: object) -> list[Message]:
    return log(with_configs(source.units(), source.configs), **known)  # type: ignore[arg-type]


def _reasons(logs: Logs) -> list[str]:
    return [fact.source_changed.reason for fact in logs.facts if fact.HasField("source_changed")]


def _video_holes(logs: Logs) -> list[float]:
    found = [sample for sample in samples(logs) if sample.rendition == "video"]
    return [b.begin - a.end for a, b in itertools.pairwise(found)]


def _other(*, until_s: float = 16.0, offset_s: float = 0.0, behind_s: float = 0.07) -> list[Message]:
    """A secondary of another size, sample rate and GOP, whose time 0 is another."""
    source = Source(tag="q", until_s=until_s, gop_s=8, video=avc((320, 180)), audio=AAC_44K)
    return log(
        with_configs(shifted(source.units(), offset_s), source.configs),
        connection=6,
        instance="secondary",
        start_us=START_US + round((behind_s - offset_s) * S),
    )


@pytest.mark.parametrize("offset_s", [0.0, 3.3, 100_000.0])
@pytest.mark.parametrize("closed", [True, False])
def test_unlike_instances_that_are_not_aligned_make_one_program(offset_s: float, closed: bool) -> None:
    """Other codecs, sizes, GOPs and timestamps: at most a GOP is shown again, and there is no hole."""
    primary = _sent(Source(tag="p", until_s=9.5), connection=5, closed=closed)
    logs, program = _live(merged(primary, _other(offset_s=offset_s)))
    shown = names(logs, "video")

    assert _reasons(logs) == ["started", "closed" if closed else "silent"]
    assert program.ledger.discontinuity_sequence == 1
    assert shown[-1] == "q.V479."
    # The primary ended at 9.5 s; the secondary's last key frame before that is its 240th, at 8 s.
    assert next(name for name in shown if name.startswith("q")) == "q.V240."
    assert max(_video_holes(logs)) < 0.034


def test_secondary_that_joins_late_changes_nothing() -> None:
    """It is followed, and not put out."""
    source = Source(tag="p", until_s=12)
    logs, _ = _live(merged(_sent(source, connection=5), _other(behind_s=4.0, until_s=7.5)))

    assert names(logs, "video") == [name_of(u.payload) for u in source.units() if u.track is Track.VIDEO]
    assert _reasons(logs) == ["started"]


def test_failover_when_the_other_is_silent_too_waits_for_whoever_comes() -> None:
    """Nobody goes over to old pictures; the first that gives new ones is on air."""
    primary = _sent(Source(tag="p", until_s=9), connection=5)
    stalled = Source(tag="q", until_s=5)
    resumed = Source(tag="q", since_s=12, until_s=18)
    entries = with_configs([*stalled.units(), *resumed.units()], stalled.configs)
    secondary = log(entries, connection=6, instance="secondary")
    logs, program = _live(merged(primary, secondary))
    shown = names(logs, "video")

    assert _reasons(logs) == ["started", "reconnected"]
    assert shown.index("q.V360.") == 270
    assert "q.V149." not in shown
    assert program.ledger.state.source.instance == "secondary"


def test_second_encoder_on_the_instance_in_mid_gop_takes_over() -> None:
    """What the first still sends is ignored; the program goes on at the second's first key frame."""
    first = _sent(Source(tag="p", until_s=8), connection=5, closed=False)
    second = _sent(Source(tag="n", until_s=6), connection=9, start_us=START_US + 5_300_000)
    logs, program = _live(merged(first, second))
    shown = names(logs, "video")

    assert shown[shown.index("n.V0.") - 1].startswith("p.")
    assert all(name.startswith("n") for name in shown[shown.index("n.V0.") :])
    assert program.ledger.discontinuity_sequence == 1
    assert max(_video_holes(logs)) < 0.034


@pytest.mark.parametrize("away_s", [0.3, 5.0, 90.0])
def test_encoder_that_comes_back_with_timestamps_from_0_goes_on(away_s: float) -> None:
    """The same program, contiguous, with a discontinuity and a date that is right within 0.1 s."""
    first = _sent(Source(tag="p", until_s=5), connection=5)
    second = _sent(Source(tag="n", until_s=5), connection=9, start_us=START_US + round((5 + away_s) * S))
    logs, program = _live(merged(first, second))
    dates = {head.discontinuity_sequence: head.program_time_us for _, head, _ in reversed(logs.ticks) if head.parts}

    assert names(logs, "video") == [f"{tag}.V{n}." for tag in "pn" for n in range(150)]
    assert names(logs, "audio") == [f"{tag}.A{n}." for tag in "pn" for n in range(234)]
    assert program.ledger.discontinuity_sequence == 1
    assert dates[1] - dates[0] == pytest.approx((5 + away_s) * S, abs=100_000)


def test_outage_of_the_bus_with_both_held_switches_nothing() -> None:
    """Four seconds are written late, the secondary's first: nobody was silent, and nothing is lost."""

    def delayed(messages: list[Message], back_us: int) -> list[Message]:
        found = []
        for message in messages:
            payload, stamp = message.payload, message.stamp_us
            if START_US + 4 * S <= stamp < START_US + 8 * S:
                held_ms = (back_us - stamp) // 1000
                payload, stamp = payload[:4] + held_ms.to_bytes(4, "big") + payload[8:], back_us
            found.append(Message(message.instance, stamp, payload))
        return found

    source = Source(tag="p", until_s=14)
    primary = delayed(_sent(source, connection=5, closed=False), START_US + 8 * S + 700_000)
    secondary = delayed(_other(until_s=14), START_US + 8 * S)
    logs, _ = _live(merged(primary, secondary))

    assert _reasons(logs) == ["started"]
    assert names(logs, "audio")[-1] > "p.A6"
    assert [n for n in names(logs, "video") if n.startswith("q")] == []


def test_fail_back_goes_over_at_a_key_frame_that_was_not_shown() -> None:
    """With the setting the program returns to the primary, and shows nothing twice for it."""
    source = Source(tag="p", until_s=20)
    primary = _sent(replace(source, until_s=5), connection=5)
    again = log(
        with_configs(replace(source, since_s=8).units(), source.configs),
        connection=11,
    )
    other = Source(tag="q", until_s=20)
    media = merged(primary, _sent(other, connection=6, instance="secondary", start_us=START_US + 20_000), again)
    logs, _ = _live(media, fail_back=True)
    shown = names(logs, "video")
    back = shown.index(next(name for name in shown[160:] if name.startswith("p")))

    assert _reasons(logs)[:3] == ["started", "closed", "fail-back"]
    # Both send the same frames at the same times: the numbers go on.
    assert int(shown[back][3:-1]) - int(shown[back - 1][3:-1]) == 1


def test_quiet_packager_says_the_program_is_lost_once() -> None:
    """Silence alone begins the reconnect window when it has lasted, and not again with each look."""
    media = _sent(Source(tag="p", until_s=5), connection=5, closed=False)
    logs, program = _live(media)
    last_us = media[-1].stamp_us
    counts = [logs.write(program, program.pass_time(last_us + round(s * S))) for s in (0.5, 1.9, 2.1, 3, 60)]

    assert [bool(count) for count in counts] == [False, False, True, False, False]
    assert program.lost_since_us == last_us
    assert len(names(logs, "video")) == 150


def test_heir_that_has_read_nothing_counts_silence_from_when_it_began() -> None:
    """A source that has been there for hours is not lost since then because its heir knows no better."""
    media = _sent(Source(tag="p", until_s=5), connection=5, closed=False)
    logs, program = _live(media)
    logs.write(program, program.speak())
    heir = logs.heir(epoch=2)
    hours_later = media[-1].stamp_us + 7200 * S
    first = logs.write(heir, heir.pass_time(hours_later))
    logs.write(heir, heir.pass_time(hours_later + 3 * S))

    assert first == 0
    assert heir.lost_since_us >= hours_later - 10 * S


def test_encoder_that_dies_before_its_first_gop_is_known_is_put_out() -> None:
    """Silent or ended: what it sent is in the log."""
    source = Source(tag="p", until_s=1.5)
    media = _sent(source, connection=5, closed=False)
    silent, program = _live(media)
    silent.write(program, program.pass_time(media[-1].stamp_us + 3 * S))
    ended, other = _live(media)
    ended.write(other, other.end("order", media[-1].stamp_us))

    for logs in (silent, ended):
        logs.write(program, ())
        assert names(logs, "video")[:30] == [f"p.V{n}." for n in range(30)]
    assert names(ended, "video")[-1] == "p.V44."


def test_encoder_without_key_frames_costs_no_memory_without_end() -> None:
    """What can never be put out is let go of, and nothing is written."""
    source = Source(tag="p", since_s=0.5, until_s=60, gop_s=1000, audio=None)
    logs, program = _live(_sent(source, connection=5, closed=False))
    kept = list(program.instances["primary"].kept(Track.VIDEO))

    assert logs.ticks == []
    assert len(kept) < 31 * 30


def test_rules_that_change_are_in_the_next_state() -> None:
    """A customer sets fail-back while the broadcast runs; what is recorded stays as it was begun."""
    media = _sent(Source(tag="p", until_s=5), connection=5, closed=False)
    logs, program = _live(media)
    program.change_rules(reconnect_window_ms=1234, fail_back=True)
    logs.write(program, program.speak())
    state = logs.heir(epoch=2).ledger.state

    assert (state.rules.reconnect_window_ms, state.rules.fail_back, state.rules.record) == (1234, True, True)


def test_switch_to_an_instance_whose_sound_is_late_leaves_no_silence() -> None:
    """Sound from before the join fills up what the old source had not sent yet."""
    primary = _sent(Source(tag="p", until_s=7), connection=5)
    secondary = _sent(Source(tag="q", until_s=14), connection=6, instance="secondary", start_us=START_US + 10_000)
    logs, _ = _live(merged(primary, secondary))
    sound = [sample for sample in samples(logs) if sample.rendition == "audio"]

    assert _reasons(logs) == ["started", "closed"]
    assert max(b.begin - a.end for a, b in itertools.pairwise(sound)) < 1024 / 48_000 + 1 / CLOCK_RATE
