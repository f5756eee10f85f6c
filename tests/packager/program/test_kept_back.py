"""A program that is kept back: who gives media is known, nothing is put out, and it begins where it was published."""

import pytest

from headwater.internal.v1.cmaf_pb2 import State
from headwater.internal.v1.onair_pb2 import Rules
from services.common.media.unit import CLOCK_RATE, Track
from services.packager.program.kept_back import KeptBack, is_kept_back, open_program
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.encoder import Message
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.rules import assert_all, names
from tests.packager.program.synthetic import START_US, Source, log, merged, name_of, with_configs

S = 1_000_000


def _source(tag: str = "a", until_s: float = 12.0) -> Source:
    return Source(tag=tag, until_s=until_s)


def _messages(source: Source, **known: object) -> list[Message]:
    given: dict[str, object] = {"connection": 5, "closed": False} | known
    return log(with_configs(source.units(), source.configs), **given)  # type: ignore[arg-type]


def _kept_back() -> KeptBack:
    found = open_program(new_ledger(is_gated=True), ProgramSettings(), epoch=1)
    assert isinstance(found, KeptBack)
    return found


def _feed(logs: Logs, program: Program | KeptBack, until: int) -> None:
    """Feed the media log up to this sequence."""
    for index in range(program.read_from, until + 1):
        message = logs.media[index - 1]
        logs.write(program, program.feed(message.instance, index, message.stamp_us, message.payload))  # type: ignore[arg-type]


def _publish(logs: Logs, program: KeptBack, now_us: int) -> Program:
    logs.write(program, program.publish(now_us))  # type: ignore[arg-type]
    return Program(program.ledger, ProgramSettings(), epoch=program.epoch)


def _kinds(logs: Logs) -> list[str]:
    return [str(fact.WhichOneof("fact")) for fact in logs.facts]


def test_program_is_kept_back_until_it_is_published() -> None:
    """Only with a gate, and only until the log says when it was published."""
    gated = Rules(is_gated=True)
    assert [is_kept_back(state) for state in (State(), State(rules=gated), State(rules=gated, publish_time_us=1))] == [
        *(False, True, False),
    ]


def test_nothing_is_put_out_while_it_is_kept_back() -> None:
    """States alone are written, and it is said that a picture arrives."""
    logs = Logs(media=_messages(_source()))
    program = _kept_back()

    _feed(logs, program, len(logs.media))

    assert not any(head.parts for _, head, _ in logs.ticks)
    assert not logs.segments
    assert (program.has_begun, program.has_picture, program.lost_since_us) == (True, True, 0)
    assert _kinds(logs) == ["source_changed"]
    assert logs.facts[0].source_changed.reason == "started"


@pytest.mark.parametrize("is_heir", [False, True])
def test_program_begins_at_the_first_key_frame_after_it_was_published(is_heir: bool) -> None:
    """Numbers and times begin there as with any broadcast, whoever goes on; what was before is nowhere."""
    source = _source()
    logs = Logs(media=_messages(source))
    kept_back = _kept_back()
    at = next(i for i, message in enumerate(logs.media) if message.stamp_us > START_US + 5 * S)

    _feed(logs, kept_back, at)
    program = _publish(logs, kept_back, START_US + 5 * S)
    if is_heir:
        program = logs.heir(epoch=2)
    _feed(logs, program, len(logs.media))
    logs.write(program, program.end("order", START_US + 12 * S))

    pictures = [u for u in source.units() if u.track is Track.VIDEO and u.dts >= 6 * CLOCK_RATE]
    assert names(logs, "video") == [name_of(unit.payload) for unit in pictures]
    first = next(head for _, head, _ in logs.ticks if head.parts)
    assert (first.msn, first.part, first.discontinuity_sequence) == (0, 0, 0)
    assert logs.segments[0].msn == 0
    assert first.state.publish_time_us == START_US + 5 * S
    assert_all(logs)


def test_media_before_the_message_need_not_be_in_the_log_any_more() -> None:
    """What has been read is used up: its state says so."""
    logs = Logs(media=_messages(_source()))
    program = _kept_back()
    _feed(logs, program, 40)
    logs.write(program, program.speak())  # type: ignore[arg-type]

    assert logs.ticks[-1][1].position.read_from == 41
    assert open_program(program.ledger, ProgramSettings(), epoch=2).read_from == 41


def test_gap_and_return_are_told_and_the_window_runs() -> None:
    """As with any broadcast: lost when the connection closes or falls silent, resumed with the next."""
    first = _messages(_source(until_s=2.0), closed=True)
    second = _messages(_source("b", until_s=2.0), connection=9, start_us=START_US + 20 * S)
    logs = Logs(media=first + second)
    program = _kept_back()

    _feed(logs, program, len(first))
    lost_us = program.lost_since_us
    _feed(logs, program, len(logs.media))
    silent_us = logs.media[-1].stamp_us
    logs.write(program, program.pass_time(silent_us + 10 * S))  # type: ignore[arg-type]

    assert lost_us == first[-1].stamp_us
    assert program.lost_since_us == silent_us
    assert not program.has_picture
    assert _kinds(logs) == ["source_changed", "media_lost", "source_changed", "media_resumed", "media_lost"]
    assert [f.source_changed.reason for f in logs.facts if f.HasField("source_changed")] == ["started", "reconnected"]
    assert [f.media_lost.reason for f in logs.facts if f.HasField("media_lost")] == ["left", "silent"]


@pytest.mark.parametrize(("closed", "reason"), [(True, "closed"), (False, "silent")])
def test_other_instance_is_known_to_give_media(closed: bool, reason: str) -> None:
    """No gap is told while one of the two is there."""
    media = merged(
        _messages(_source(until_s=2.0), closed=closed),
        _messages(_source("b", until_s=6.0), connection=6, instance="secondary"),
    )
    logs = Logs(media=media)
    program = _kept_back()

    _feed(logs, program, len(media))

    assert [f.source_changed.reason for f in logs.facts if f.HasField("source_changed")] == ["started", reason]
    assert program.on_air is not None
    assert program.on_air.instance == "secondary"
    assert program.has_picture
    assert "media_lost" not in _kinds(logs)


@pytest.mark.parametrize(
    ("source", "lost_s"),
    [
        (Source(tag="a", until_s=4.0), None),
        (Source(tag="a", until_s=2.0, sound_until_s=2.0), 2.0),
        (Source(tag="a", until_s=4.0, video=None), None),
        (Source(tag="a", until_s=2.0, video=None), 2.0),
    ],
)
def test_what_has_given_no_picture_for_a_second_is_known(source: Source, lost_s: float | None) -> None:
    """Sound counts for an encoder that sends nothing else."""
    logs, program = Logs(media=_messages(source)), _kept_back()
    _feed(logs, program, len(logs.media))

    program.watch(START_US + 4 * S)
    assert _seconds(program.picture_lost_us) == (lost_s and pytest.approx(lost_s, abs=0.4))


def test_sound_alone_is_no_picture_where_there_was_one() -> None:
    """The camera is off and the microphone is not; with the next picture it may be published again."""
    source = _source(until_s=9.0)
    units = [unit for unit in source.units() if unit.track is Track.AUDIO or not 2.0 <= unit.dts / CLOCK_RATE < 6.0]
    logs, program = Logs(media=log(with_configs(units, source.configs), connection=5, closed=False)), _kept_back()
    seen = []
    for second in range(1, 9):
        _feed(logs, program, sum(message.stamp_us <= START_US + second * S for message in logs.media))
        program.watch(START_US + second * S)
        seen.append(_seconds(program.picture_lost_us))

    lost = pytest.approx(2.0, abs=0.4)
    assert seen == [None, None, None, lost, lost, lost, None, None]
    assert program.lost_since_us == 0
    assert _kinds(logs) == ["source_changed"]


def test_heir_that_has_heard_nothing_waits_a_second_before_it_says_so() -> None:
    """What came before is not read again."""
    logs, program = Logs(media=_messages(_source(until_s=2.0))), _kept_back()
    _feed(logs, program, len(logs.media))
    heir = open_program(program.ledger, ProgramSettings(), epoch=2)
    assert isinstance(heir, KeptBack)

    found = []
    for now_us in (START_US + 60 * S, START_US + 61 * S, START_US + 61 * S + 1):
        heir.watch(now_us)
        found.append(heir.picture_lost_us)
    assert found == [0, 0, START_US + 60 * S]


def _seconds(time_us: int) -> float | None:
    return (time_us - START_US) / S if time_us else None


def test_heir_knows_who_gives_media() -> None:
    """Also that nobody does."""
    logs = Logs(media=_messages(_source(until_s=2.0), closed=True))
    program = _kept_back()
    _feed(logs, program, 5)
    begun = open_program(program.ledger, ProgramSettings(), epoch=2)
    assert isinstance(begun, KeptBack)
    begun_on_air = begun.on_air
    _feed(logs, begun, len(logs.media))
    lost = open_program(begun.ledger, ProgramSettings(), epoch=3)

    assert begun_on_air is not None
    assert begun_on_air.connection == 5
    assert (lost.has_begun, lost.on_air, lost.lost_since_us) == (True, None, logs.media[-1].stamp_us)


def test_end_of_what_was_never_published_has_no_segment() -> None:
    """The end message alone."""
    logs = Logs(media=_messages(_source(until_s=3.0)))
    program = _kept_back()
    _feed(logs, program, len(logs.media))
    program.change_rules(reconnect_window_ms=7, fail_back=True)
    logs.write(program, program.end("order", 77))  # type: ignore[arg-type]

    last = logs.ticks[-1][1]
    assert (last.end.reason, last.end.time_us, last.msn, last.parts[:]) == ("order", 77, 0, [])
    assert program.ledger.has_ended
    assert program.ledger.state.rules.reconnect_window_ms == 7
