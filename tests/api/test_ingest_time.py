"""For how long an encoder gave media, out of facts in any order."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.facts_pb2 import Fact, KeyframesMissed
from headwater.internal.v1.records_pb2 import BroadcastRecord
from services.api import broadcast
from services.api.ingest_time import first_media_us, ingest_us
from tests.api.stories import BROADCAST, LIVESTREAM, SECOND_US, START_US, broadcast_facts, fact

FACTS = broadcast_facts()
LATER_US = START_US + 1_000 * SECOND_US


def record_of(facts: list[Fact]) -> BroadcastRecord:
    record = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=True)
    for each in facts:
        broadcast.note_fact(record, each)
    return record


@given(facts=st.permutations(FACTS))
def test_gaps_are_no_ingest_in_whatever_order_they_are_heard(facts: list[Fact]) -> None:
    """From 2 to 31 and from 41 to 61."""
    assert ingest_us(record_of(facts), LATER_US) == 49 * SECOND_US


def test_while_media_comes_it_grows() -> None:
    """Up to now."""
    assert ingest_us(record_of(FACTS[:3]), START_US + 12 * SECOND_US) == 10 * SECOND_US
    assert ingest_us(record_of(FACTS[:5]), LATER_US) == 29 * SECOND_US


def test_what_is_forgotten_has_been_added_up() -> None:
    """A long history leaves the sum as it is."""
    missed = [fact(50 + each / 100, keyframes_missed=KeyframesMissed(msn=each)) for each in range(300)]

    record = record_of([*FACTS[:8], *missed, *FACTS[8:]])

    assert len(record.history) == broadcast.HISTORY_LIMIT
    assert ingest_us(record, LATER_US) == 49 * SECOND_US


def test_media_first_came_with_the_first_source() -> None:
    """Before it there is none."""
    assert first_media_us(record_of(FACTS[:2])) == 0
    assert first_media_us(record_of(FACTS)) == START_US + 2 * SECOND_US
