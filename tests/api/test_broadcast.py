"""The record of a broadcast out of facts in every order."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.facts_pb2 import Fact, KeyframesMissed
from headwater.internal.v1.onair_pb2 import OnAir, Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.livestreams_pb2 import Livestream
from services.api import broadcast
from services.api.livestream import Event
from tests.api.stories import BROADCAST, LIVESTREAM, SECOND_US, START_US, broadcast_facts, fact

FACTS = broadcast_facts()
END_US = START_US + 90 * SECOND_US


def record_of(facts: list[Fact], *, is_recorded: bool = True) -> BroadcastRecord:
    record = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=is_recorded)
    for each in facts:
        broadcast.note_fact(record, each)
    return record


def states_of(facts: list[Fact]) -> list[str]:
    record = record_of([])
    states = []
    for each in facts:
        broadcast.note_fact(record, each)
        states.append(Broadcast.State.Name(record.state))
    return [state for place, state in enumerate(states) if place == 0 or states[place - 1] != state]


def test_broadcast_told_in_order_goes_through_its_states() -> None:
    """Live, without an encoder, live again, without one for good, ending, ended."""
    assert states_of(FACTS) == ["LIVE", "RECONNECTING", "LIVE", "RECONNECTING", "ENDING", "ENDED"]


def test_finished_broadcast_has_times_reason_source_and_history() -> None:
    """Nothing of what happened is missing from the record."""
    record = record_of(FACTS)

    assert (record.start_time_us, record.end_time_us, record.end_reason) == (START_US, END_US, "reconnect-window")
    assert (record.source_instance, record.source_reason) == ("primary", "reconnected")
    assert [event.kind for event in record.history][:3] == ["encoder.connected", "broadcast.started", "source.changed"]
    assert len(record.history) == len(FACTS)


@given(facts=st.permutations(FACTS), again=st.lists(st.sampled_from(FACTS), max_size=8))
def test_facts_in_any_order_and_twice_give_the_same_record(facts: list[Fact], again: list[Fact]) -> None:
    """Replicas, redeliveries and late facts change nothing about the end."""
    told, wanted = record_of([*facts, *again]), record_of(FACTS)

    for record in (told, wanted):
        record.ClearField("state_time_us")  # of ENDED, when it was first known
        record.ClearField("state_reason")
    assert told == wanted


@given(facts=st.permutations(FACTS))
def test_ended_broadcast_never_revives(facts: list[Fact]) -> None:
    """From the end on, only ENDING and ENDED follow."""
    order = {Broadcast.LIVE: 0, Broadcast.RECONNECTING: 0, Broadcast.ENDING: 1, Broadcast.ENDED: 2}
    record, reached = record_of([]), 0
    for each in facts:
        broadcast.note_fact(record, each)
        assert order[record.state] >= reached
        reached = order[record.state]


@given(upto=st.integers(0, 9), order=st.randoms(use_true_random=False))
def test_facts_so_far_in_any_order_give_the_state_of_the_newest(upto: int, order: object) -> None:
    """While it is on air, the state follows the newest loss or resumption, whichever is heard last."""
    facts = FACTS[:upto]
    shuffled = list(facts)
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' Random

    assert record_of(shuffled).state == record_of(facts).state


def test_broadcast_that_is_not_recorded_ends_at_once() -> None:
    """There is no recording to wait for."""
    record = record_of([], is_recorded=False)

    broadcast.note_fact(record, FACTS[10])

    assert record.state == Broadcast.ENDED


def test_order_in_onair_shows_as_ending_before_the_end_is_written() -> None:
    """Whoever orders the end sees it in the answer."""
    record = record_of(FACTS[:3])

    broadcast.note_on_air(record, OnAir(broadcast_id=BROADCAST, end_reason="order"))

    assert (record.state, record.end_reason) == (Broadcast.ENDING, "order")
    assert broadcast.standing_of(record).reason == "order"


def test_playback_alone_tells_of_a_whole_broadcast() -> None:
    """An api that heard no fact at all learns start, end and recording from what origins are told."""
    record = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=True)
    playback = Playback(state=Playback.RECORDED, start_time_us=START_US, end_time_us=END_US, is_recorded=True)

    broadcast.note_playback(record, playback)

    assert (record.state, record.end_time_us) == (Broadcast.ENDED, END_US)
    assert broadcast.standing_of(record).state == Livestream.IDLE


def test_playback_and_facts_agree_in_any_order() -> None:
    """Both sources lead to one record."""
    playback = Playback(state=Playback.RECORDED, start_time_us=START_US, end_time_us=END_US, is_recorded=True)
    first, last = record_of([]), record_of(FACTS)
    broadcast.note_playback(first, playback)
    for each in FACTS:
        broadcast.note_fact(first, each)
    broadcast.note_playback(last, playback)

    for record in (first, last):
        record.ClearField("state_time_us")
        record.ClearField("state_reason")
    assert first == last


def test_history_keeps_the_newest_and_forgets_the_oldest() -> None:
    """It is bounded, and a fact that has fallen out does not come back by being said again."""
    facts = [fact(second, keyframes_missed=KeyframesMissed(msn=second)) for second in range(300)]

    record = record_of([*facts, *facts[:20]])

    kept = [event.fact_id for event in record.history]
    assert kept == [each.id for each in facts[-broadcast.HISTORY_LIMIT :]]


def test_encoder_that_left_before_it_was_said_to_come_is_gone() -> None:
    """Connected and disconnected of one connection may be heard the wrong way round."""
    record = record_of([FACTS[3], FACTS[0]])

    assert not record.encoders["primary"].is_connected


def test_older_connection_says_nothing_about_a_newer_one() -> None:
    """The encoder that took over stays connected when the old one's goodbye comes late."""
    record = record_of([FACTS[5], FACTS[3]])

    assert record.encoders["primary"].is_connected


def test_transition_table_decides_about_moves() -> None:
    """What the table has no row for leaves the record alone."""
    record = record_of(FACTS)
    before = record.SerializeToString(deterministic=True)

    broadcast.move(record, Event.RESUMED, END_US + 1, "resumed")

    assert record.SerializeToString(deterministic=True) == before
