"""What may go from the log: never what is not stored, never the window, never the last message."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.cmaf_pb2 import Segment
from services.archiver.retention import (
    Bounds,
    Filling,
    Rounds,
    bounds_of,
    cmaf_bound,
    grace_left_s,
    is_due,
    media_bound,
)

SEQUENCES = st.integers(min_value=0, max_value=1 << 40)


@given(SEQUENCES, SEQUENCES, st.lists(SEQUENCES, max_size=3))
def test_no_tick_goes_that_somebody_needs(left_window: int, last: int, waiting: list[int]) -> None:
    """Whatever lies at or after the window, the oldest waiting segment or the last message stays."""
    oldest = Segment(sequences=sorted(waiting)) if waiting else None

    bound = cmaf_bound(left_window, oldest, last)

    assert 0 <= bound <= min([left_window, last, *waiting])
    assert bound in {left_window, last, *waiting}


def test_end_message_that_waits_holds_nothing_back() -> None:
    """It names no ticks."""
    assert cmaf_bound(100, Segment(msn=5), 200) == 100


@given(SEQUENCES, st.none() | SEQUENCES)
def test_last_media_message_stays(consumed: int, last: int | None) -> None:
    """What is consumed goes, but for the subject's last message; an empty subject needs no purge."""
    bound = media_bound(consumed, last)

    assert bound == (0 if last is None else min(consumed, last))


def test_bounds_are_those_of_the_segment_message() -> None:
    """The packager has said what is outside the window."""
    assert bounds_of(Segment(purge_cmaf_before=7, purge_media_before=9)) == Bounds(cmaf=7, media=9)


def test_log_is_looked_at_once_in_ten_segments() -> None:
    """A purge costs the server something."""
    assert [msn for msn in range(30) if is_due(msn)] == [9, 19, 29]


def test_bounds_are_given_a_round_late_and_for_each_broadcast() -> None:
    """What was noted at the end of one round is given at the end of the next; an ended broadcast begins anew."""
    rounds = Rounds()

    def note(broadcast: str, msn: int) -> Bounds | None:
        return rounds.note(Segment(broadcast_id=broadcast, msn=msn, purge_cmaf_before=msn, purge_media_before=2 * msn))

    assert [note("a", msn) for msn in range(10)] == [None] * 10
    assert [note("b", msn) for msn in range(10, 20)] == [None] * 10
    assert [note("a", msn) for msn in range(10, 20)] == [None] * 9 + [Bounds(cmaf=9, media=18)]
    rounds.forget("b")
    assert (note("b", 29), note("a", 29)) == (None, Bounds(cmaf=19, media=38))


def test_grace_runs_from_the_change_and_never_longer() -> None:
    """A clock that is behind NATS' does not make anybody wait for days."""
    assert grace_left_s(1_000_000, 1_000_000, 60) == 60
    assert grace_left_s(1_000_000, 41_000_000, 60) == 20
    assert grace_left_s(1_000_000, 90_000_000, 60) == 0
    assert grace_left_s(10**15, 0, 60) == 60


def test_full_log_is_told_of_once_for_each_time() -> None:
    """At 80 %, and again only after it has been below 75 %."""
    filling = Filling()

    told = [filling.note(used, 100) for used in (50, 79, 80, 90, 76, 81, 74, 79, 85)]

    assert told == [None, None, 80, None, None, None, None, None, 85]
    assert Filling().note(10**12, 0) is None
