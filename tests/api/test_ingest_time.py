"""For how long an encoder gave media, out of facts in any order."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.facts_pb2 import (
    BroadcastEnded,
    Fact,
    KeyframesMissed,
    MediaLost,
    MediaResumed,
    SourceChanged,
)
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


CLOCK_CHANGES = st.sampled_from([-7200, -20, 0, 45, 86_400])


@given(order=st.permutations(range(5)), turned=CLOCK_CHANGES, again=CLOCK_CHANGES)
def test_clock_that_is_put_forward_or_back_changes_nothing(order: list[int], turned: int, again: int) -> None:
    """Media time counts: 29 s, a gap, and 20 s more, whatever time the facts are dated."""
    told = [
        fact(2, "primary", source_changed=SourceChanged(connection=7, reason="started")),
        fact(31 + turned, media_lost=MediaLost(reason="closed"), program_us=29 * SECOND_US),
        fact(41 + turned, media_resumed=MediaResumed(connection=9), program_us=29 * SECOND_US),
        fact(61 + turned + again, media_lost=MediaLost(reason="closed"), program_us=48 * SECOND_US),
        fact(90 + turned + again, broadcast_ended=BroadcastEnded(reason="order"), program_us=49 * SECOND_US),
    ]

    assert ingest_us(record_of([told[place] for place in order]), LATER_US) == 49 * SECOND_US


def test_while_it_goes_on_the_clock_counts_from_what_was_told_last() -> None:
    """Not from the beginning: what it did before then is nothing any more."""
    resumed = fact(86_441, media_resumed=MediaResumed(connection=9), program_us=29 * SECOND_US)
    record = record_of([*FACTS[:3], resumed])

    assert ingest_us(record, START_US + 86_451 * SECOND_US) == 39 * SECOND_US


def test_what_was_given_before_it_was_published_counts_too() -> None:
    """Of what is kept back nothing is put out, so the clock says how long an encoder gave it."""
    told = [*FACTS[:3], fact(31, media_lost=MediaLost(reason="closed"), program_us=5 * SECOND_US)]
    record = record_of(told)
    record.is_gated = True

    assert ingest_us(record, LATER_US) == 29 * SECOND_US


def test_media_first_came_with_the_first_source() -> None:
    """Before it there is none."""
    assert first_media_us(record_of(FACTS[:2])) == 0
    assert first_media_us(record_of(FACTS)) == START_US + 2 * SECOND_US
