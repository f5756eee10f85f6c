"""Where livestreams stand that are disabled, for one use, or started by hand."""

from headwater.internal.v1.facts_pb2 import InputRejected
from headwater.internal.v1.records_pb2 import BroadcastRecord, HistoryRecord, LivestreamRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api import broadcast
from services.api.livestream import Standing
from services.api.standing import is_armed, is_used_up, shows_inputs, standing_of
from tests.api.stories import BROADCAST, LIVESTREAM, SECOND_US, START_US, broadcast_facts, fact

NOW_US = START_US + 200 * SECOND_US


def broadcast_of(facts: int) -> BroadcastRecord:
    record = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=True)
    for each in broadcast_facts()[:facts]:
        broadcast.note_fact(record, each)
    return record


def test_disabled_hides_every_other_state_and_says_since_when() -> None:
    """On air or not."""
    record = LivestreamRecord(is_disabled=True, history=[HistoryRecord(kind="disabled", time_us=7)])

    for newest in (None, broadcast_of(3), broadcast_of(12)):
        assert standing_of(record, newest, NOW_US) == Standing(Livestream.DISABLED, "disabled", 7)


def test_livestream_for_one_use_is_finished_once_its_recording_is() -> None:
    """While it is converted it is ENDING, and no activation revives it."""
    record = LivestreamRecord(is_single_use=True, armed_time_us=NOW_US)

    states = [standing_of(record, broadcast_of(facts), NOW_US).state for facts in (3, 11, 12)]

    assert states == [Livestream.LIVE, Livestream.ENDING, Livestream.FINISHED]
    assert [is_used_up(record, broadcast_of(facts)) for facts in (3, 11, 12)] == [False, True, True]


def test_failed_attempt_uses_nothing_up() -> None:
    """It may be tried again."""
    failed = broadcast.attempt(fact(1, input_rejected=InputRejected(code="ERR_X", is_refused=True)))
    broadcast.note_fact(failed, fact(1, input_rejected=InputRejected(code="ERR_X", is_refused=True)))
    record = LivestreamRecord(is_single_use=True)

    assert standing_of(record, failed, NOW_US).state == Livestream.FAILED
    assert not is_used_up(record, failed)


def test_order_to_activate_lasts_even_without_a_window() -> None:
    """0 means that a broadcast does not wait for its encoder, not that nobody may come."""
    record = LivestreamRecord(armed_time_us=START_US)

    assert is_armed(record, START_US + 119 * SECOND_US)
    assert not is_armed(record, START_US + 120 * SECOND_US)


def test_inputs_of_a_manual_start_show_from_activation_to_the_end() -> None:
    """Of an automatic one they always do."""
    manual = LivestreamRecord(start=Livestream.MANUAL, armed_time_us=START_US)

    assert shows_inputs(LivestreamRecord(), None, NOW_US)
    assert [shows_inputs(manual, broadcast_of(facts), NOW_US) for facts in (3, 5, 12)] == [True, True, False]
    assert shows_inputs(manual, None, START_US + SECOND_US)
    assert not shows_inputs(manual, None, NOW_US)
