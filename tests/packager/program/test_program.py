"""The program: every frame, once, in order, whoever writes it."""

import itertools
import random

import pytest

from services.common.media.unit import CLOCK_RATE, Track
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.encoder import Message, Recording, encode, messages
from tests.packager.program.log import Logs, digest, new_ledger


def _begin(logs: Logs, **rules: object) -> Program:
    program = Program(new_ledger(**rules), ProgramSettings(), epoch=1)
    logs.run(program)
    return program


def _digests(logs: Logs) -> list[list[str]]:
    return [[digest(raw) for raw in parts] for _, _, parts in logs.ticks]


def _sent(recording: Recording, track: Track) -> list[tuple[int, int, str]]:
    return [(u.dts, u.cts, digest(u.payload)) for u in recording.units if u.track is track]


def _assert_every_frame(logs: Logs, recording: Recording) -> None:
    """Payloads equal; PTS and DTS differ by one constant, the same for both tracks, within 1 ms."""
    constants = []
    for track, name, rate in ((Track.VIDEO, "video", CLOCK_RATE), (Track.AUDIO, "audio", 48_000)):
        sent = _sent(recording, track)
        got = list(logs.samples(name))
        assert [payload for _, _, payload in sent] == [sample[4] for sample in got]
        for (dts, cts, _), (out_dts, out_cts, _, _, _) in zip(sent, got, strict=True):
            constants.append(out_dts / rate - dts / CLOCK_RATE)
            constants.append((out_dts + out_cts) / rate - (dts + cts) / CLOCK_RATE)
    assert max(constants) - min(constants) <= 0.002


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("gop_s", [0.5, 2.0, 5.0])
def test_broadcast_has_every_frame_sent(b_frames: int, gop_s: float) -> None:
    """Pictures and sound come out once, in order, with their times, whatever the GOP."""
    recording = encode(gop_s=gop_s, b_frames=b_frames)
    logs = Logs(media=messages(recording, connection=5))

    _begin(logs)

    _assert_every_frame(logs, recording)


def test_segments_end_at_key_frames_near_two_seconds() -> None:
    """With a GOP of 2 s every segment begins with a key frame and the target duration is 2 s."""
    logs = Logs(media=messages(encode(), connection=5))

    program = _begin(logs)

    assert program.ledger.state.target_duration_s == 2
    assert [round(s.renditions[0].duration / CLOCK_RATE, 2) for s in logs.segments] == [2.0, 2.0, 2.0]
    firsts = [head for _, head, _ in logs.ticks if head.part == 0 and head.parts]
    assert all(head.parts[0].independent for head in firsts)
    assert all(head.HasField("state") for head in firsts)


def test_long_gop_is_cut_within_the_target_duration() -> None:
    """A GOP that is not closed in 2.5 s gives a target duration of 10 s, and segments that keep to it."""
    logs = Logs(media=messages(encode(seconds=18, gop_s=17), connection=5))

    program = _begin(logs)

    assert program.ledger.state.target_duration_s == 10
    assert all(round(s.renditions[0].duration / CLOCK_RATE) <= 10 for s in logs.segments)
    assert any(fact.HasField("keyframes_missed") for fact in logs.facts)


def test_parts_keep_the_rules() -> None:
    """No part is longer than its target, and none but a segment's last is shorter than 85 % of it."""
    logs = Logs(media=messages(encode(), connection=5))
    state = _begin(logs).ledger.state
    targets = {r.number: r.part_target_us for r in state.renditions}
    scales = {r.number: r.timescale for r in state.renditions}

    for _, head, _ in logs.ticks:
        for part in head.parts:
            length_us = part.duration * 1_000_000 // scales[part.rendition]
            assert length_us <= targets[part.rendition]
            if not head.ends_segment:
                assert length_us >= 0.85 * targets[part.rendition]


@pytest.mark.parametrize("tracks", [(Track.VIDEO,), (Track.AUDIO,)])
def test_one_track_alone_is_a_program(tracks: tuple[Track, ...]) -> None:
    """Sound alone and picture alone work."""
    recording = encode()
    logs = Logs(media=messages(recording, connection=5, tracks=tracks))

    _begin(logs)

    name = "video" if tracks == (Track.VIDEO,) else "audio"
    assert [s[4] for s in logs.samples(name)] == [p for _, _, p in _sent(recording, tracks[0])]
    assert 3 <= len(logs.segments) <= 4


def test_encoder_of_less_than_a_second_is_recorded() -> None:
    """A broadcast that ends before its first GOP is known is put out all the same."""
    recording = encode(seconds=0.8)
    logs = Logs(media=messages(recording, connection=5))

    _begin(logs)

    _assert_every_frame(logs, recording)


@pytest.mark.parametrize("seed", range(12))
def test_heirs_go_on_without_losing_or_doubling_a_frame(seed: int) -> None:
    """However often the packager dies, between any two ticks, the log is what one packager would have written."""
    recording = encode(b_frames=2)
    whole = Logs(media=messages(recording, connection=5))
    _begin(whole)
    logs = Logs(media=messages(recording, connection=5))
    chance = random.Random(seed)
    program = Program(new_ledger(), ProgramSettings(), epoch=1)
    epoch = 1
    while not logs.run(program, stop_after=chance.randint(1, 6)):
        epoch += 1
        program = logs.heir(epoch=epoch)

    _assert_every_frame(logs, recording)
    assert [(h.msn, h.part, len(p)) for _, h, p in logs.ticks] == [(h.msn, h.part, len(p)) for _, h, p in whole.ticks]
    assert _digests(logs) == _digests(whole)


def test_messages_doubled_and_out_of_order_make_the_same_program() -> None:
    """What ingest sent again after an outage of the bus changes nothing."""
    recording = encode()
    media = messages(recording, connection=5)
    disordered = [*media[:8], *media[10:14], *media[7:10], *media[10:]]
    logs, whole = Logs(media=disordered), Logs(media=media)
    _begin(logs)
    _begin(whole)

    assert _digests(logs) == _digests(whole)


def test_encoder_that_comes_back_continues_the_program() -> None:
    """After a gap the same broadcast goes on: contiguous media, a discontinuity, and a date that tells the gap."""
    start = 1_700_000_000_000_000
    first, second = encode(seconds=4), encode(seconds=4, b_frames=2)
    logs = Logs(
        media=[
            *messages(first, connection=5, start_us=start),
            *messages(second, connection=9, start_us=start + 9_000_000),
        ]
    )

    program = _begin(logs)

    times = [(s[0], s[2]) for s in logs.samples("video")]
    assert all(b[0] >= a[0] + a[1] for a, b in itertools.pairwise(times))
    assert times[-1][0] - times[0][0] < 8.1 * CLOCK_RATE
    assert program.ledger.discontinuity_sequence == 1
    dates = {head.discontinuity_sequence: head.program_time_us for _, head, _ in reversed(logs.ticks) if head.parts}
    assert dates[1] - dates[0] == pytest.approx(9_000_000, abs=100_000)
    assert [f.source_changed.reason for f in logs.facts if f.HasField("source_changed")] == ["started", "reconnected"]
    assert logs.remnants == [1, 3]  # the ends of the two connections, and no other end of a segment


def test_other_resolution_gets_a_new_init_segment_once() -> None:
    """A reconnect with another picture size brings one discontinuity and another init segment."""
    start = 1_700_000_000_000_000
    logs = Logs(
        media=[
            *messages(encode(seconds=4), connection=5, start_us=start),
            *messages(encode(seconds=4, size=(320, 180)), connection=9, start_us=start + 9_000_000),
        ]
    )

    program = _begin(logs)

    inits = [next(r.init_id for r in s.renditions if r.name == "video") for s in logs.segments]
    assert len(set(inits)) == 2
    assert program.ledger.discontinuity_sequence == 1
    assert program.ledger.rendition(0).width == 320


def _two(recording: Recording, *, die_at_s: float, gop_shift_s: float = 0.0, closed: bool) -> list[Message]:
    start = 1_700_000_000_000_000
    primary = messages(recording, connection=5, start_us=start, until_s=die_at_s, closed=closed)
    secondary = messages(recording, connection=6, start_us=start + 40_000, since_s=gop_shift_s, instance="secondary")
    return sorted([*primary, *secondary], key=lambda m: m.stamp_us)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("gop_s", [2.0, 5.0])
@pytest.mark.parametrize("die_at_s", [5.0, 6.7])
def test_program_goes_over_to_the_other_instance(gop_s: float, die_at_s: float, closed: bool) -> None:
    """When the encoder on air dies the other one goes on, with at most a GOP missing or doubled."""
    recording = encode(seconds=12, gop_s=gop_s)
    logs = Logs(media=_two(recording, die_at_s=die_at_s, closed=closed))

    _begin(logs)

    reasons = [f.source_changed.reason for f in logs.facts if f.HasField("source_changed")]
    assert reasons == ["started", "closed" if closed else "silent"]
    got = [s[4] for s in logs.samples("video")]
    sent = [p for _, _, p in _sent(recording, Track.VIDEO)]
    assert got[-1] == sent[-1]
    times = [(s[0], s[2]) for s in logs.samples("video")]
    holes = [b[0] - a[0] - a[1] for a, b in itertools.pairwise(times)]
    assert min(holes) == 0
    assert sum(holes) <= CLOCK_RATE // 30
    assert abs(len(got) - len(sent)) <= gop_s * 30


def test_silent_bus_switches_nothing() -> None:
    """Messages that both instances held while the bus was away are no sign that either was silent."""
    recording = encode(seconds=12)
    start = 1_700_000_000_000_000
    media = _two(recording, die_at_s=1e9, closed=False)
    late = []
    for message in media:
        away = start + 4_000_000 <= message.stamp_us < start + 8_000_000
        instance, payload, stamp = message.instance, message.payload, message.stamp_us
        if away:
            held = start + 8_000_000 - stamp
            payload = payload[:4] + (held // 1000).to_bytes(4, "big") + payload[8:]
            stamp = start + 8_000_000 + (600_000 if instance == "primary" else 0)
        late.append(Message(instance, stamp, payload))
    late.sort(key=lambda m: m.stamp_us)
    logs = Logs(media=late)

    _begin(logs)

    assert [f.source_changed.reason for f in logs.facts if f.HasField("source_changed")] == ["started"]


def test_returning_primary_changes_nothing_unless_fail_back_is_set() -> None:
    """Nothing jumps when the first encoder comes back; with fail-back the program returns to it after a while."""
    recording = encode(seconds=18)
    start = 1_700_000_000_000_000
    back = messages(recording, connection=11, start_us=start, since_s=8.0)
    media = sorted([*_two(recording, die_at_s=5.0, closed=True), *back], key=lambda m: m.stamp_us)
    reasons = {}
    for fail_back in (False, True):
        logs = Logs(media=media)
        _begin(logs, fail_back=fail_back)
        changes = [f.source_changed.reason for f in logs.facts if f.HasField("source_changed")]
        reasons[fail_back] = changes[:3]

    assert reasons[False][:2] == ["started", "closed"]
    assert "fail-back" not in reasons[False]
    assert reasons[True] == ["started", "closed", "fail-back"]


def test_quiet_encoder_is_lost_and_found_on_the_same_connection() -> None:
    """A stall puts out what is pending and begins the reconnect window; the same connection may go on."""
    recording = encode()
    media = messages(recording, connection=5)
    logs = Logs(media=media[:30])
    program = _begin(logs)

    logs.write(program, program.pass_time(media[29].stamp_us + 3_000_000))
    lost = program.lost_since_us
    logs.media = media
    logs.run(program)

    assert lost == media[29].stamp_us
    assert program.lost_since_us == media[-1].stamp_us
    _assert_every_frame(logs, recording)


def test_heir_of_a_quiet_program_takes_the_same_connection_up_again() -> None:
    """A packager that takes over during a stall does not take the connection for closed."""
    recording = encode()
    media = messages(recording, connection=5)
    logs = Logs(media=media[:30])
    program = _begin(logs)
    logs.write(program, program.pass_time(media[29].stamp_us + 3_000_000))

    heir = logs.heir(epoch=2)
    logs.media = media
    logs.run(heir)

    _assert_every_frame(logs, recording)


def test_end_is_the_last_word() -> None:
    """Ending puts out what is pending and then the end message."""
    recording = encode()
    logs = Logs(media=messages(recording, connection=5, closed=False))
    program = _begin(logs)

    logs.write(program, program.end("order", 1))

    assert program.ledger.has_ended
    assert logs.ticks[-1][1].end.reason == "order"
    _assert_every_frame(logs, recording)


def test_two_programs_of_the_same_log_write_the_same_bytes() -> None:
    """What comes out is a function of the log."""
    media = _two(encode(seconds=12, gop_s=2.0), die_at_s=6.7, closed=False)
    one, two = Logs(media=media), Logs(media=media)
    _begin(one)
    _begin(two)

    assert [(h.SerializeToString(deterministic=True), p) for _, h, p in one.ticks] == [
        (h.SerializeToString(deterministic=True), p) for _, h, p in two.ticks
    ]
