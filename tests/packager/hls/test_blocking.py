"""Delivery directives: what a playlist request waits for, and what is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.packager.hls.attributes import FIRST_MSN
from services.packager.hls.blocking import (
    NOTHING,
    Directives,
    Edge,
    check_reach,
    is_satisfied,
    longest_wait_us,
    parse_directives,
)
from services.packager.hls.query import QueryError
from services.packager.hls.render import DeltaRequest
from tests.packager.hls.histories import UNHURRIED

EDGE = Edge(last_msn=10, last_parts=6, open_parts=3, target_duration=2, part_target_us=333_334)
"""Segment 10 is closed and had parts 0 to 5; 0 to 2 of segment 11 are listed."""


@pytest.mark.parametrize(
    ("query", "directives"),
    [
        ("", NOTHING),
        ("token=x", NOTHING),
        ("_HLS_msn=12", Directives(12 - FIRST_MSN)),
        ("_HLS_msn=1", Directives(0)),
        ("_HLS_msn=0&_HLS_part=2", Directives(0, 2)),
        ("_HLS_msn=12&_HLS_part=0", Directives(12 - FIRST_MSN, 0)),
        ("_HLS_part=3&a=b&_HLS_msn=007&_HLS_skip=YES", Directives(7 - FIRST_MSN, 3, DeltaRequest.YES)),
        ("_HLS_skip=v2", Directives(delta=DeltaRequest.V2)),
        ("%5FHLS_msn=4", Directives(4 - FIRST_MSN)),
        ("_HLS_later=1", NOTHING),
    ],
)
def test_directives_are_read(query: str, directives: Directives) -> None:
    """Known ones are taken, in any order; unknown ones are ignored."""
    assert parse_directives(query) == directives


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("_HLS_part=1", "needs _HLS_msn"),
        ("_HLS_msn=", "not a decimal integer"),
        ("_HLS_msn", "not a decimal integer"),
        ("_HLS_msn=-1", "not a decimal integer"),
        ("_HLS_msn=1.5", "not a decimal integer"),
        ("_HLS_msn=%31", "not a decimal integer"),
        ("_HLS_msn=²", "not a decimal integer"),
        ("_HLS_msn=" + "9" * 19, "not a decimal integer"),
        ("_HLS_msn=1&_HLS_part=x", "_HLS_part is not"),
        ("_HLS_msn=1&_HLS_msn=2", "twice"),
        ("_HLS_skip=NO", "neither YES nor v2"),
        ("_HLS_msn=1&a=" + "x" * 3000, "longer than"),
    ],
)
def test_bad_directives_are_refused_with_the_reason(query: str, reason: str) -> None:
    """The text of the 400 says what was wrong."""
    with pytest.raises(QueryError, match=reason):
        parse_directives(query)


@pytest.mark.parametrize(
    ("directives", "ready"),
    [
        (NOTHING, True),
        (Directives(0), True),
        (Directives(0, 99), True),
        (Directives(10), True),
        (Directives(11), False),
        (Directives(10, 5), True),
        (Directives(10, 6), True),
        (Directives(11, 2), True),
        (Directives(11, 3), False),
        (Directives(12, 0), False),
        (Directives(12), False),
    ],
)
def test_request_is_answered_once_the_playlist_has_it(directives: Directives, ready: bool) -> None:
    """Older than the window: at once; a number alone: the whole segment; a part: that part."""
    assert is_satisfied(directives, EDGE) is ready


def test_part_beyond_the_segment_waits_for_the_next_first_part() -> None:
    """A part index greater than the last one's means part 0 of the following segment (6.2.5.2)."""
    asked, closed = Directives(10, 6), replace(EDGE, open_parts=0)
    assert not is_satisfied(asked, closed)
    assert is_satisfied(asked, replace(closed, open_parts=1))
    check_reach(asked, closed)
    check_reach(Directives(10, 99), closed)


def test_playlist_without_parts_takes_the_number_alone() -> None:
    """A stale client that still asks for parts waits for whole segments."""
    plain = Edge(last_msn=10, last_parts=0, open_parts=0, target_duration=2)
    assert is_satisfied(Directives(10, 99), plain)
    assert not is_satisfied(Directives(11, 0), plain)
    check_reach(Directives(12, 99), plain)


def test_ended_playlist_waits_for_nothing_and_refuses_nothing() -> None:
    """Directives are ignored beside an ENDLIST (6.2.5.2)."""
    ended = replace(EDGE, is_ended=True)
    assert is_satisfied(Directives(999, 999), ended)
    check_reach(Directives(999, 999), ended)


@pytest.mark.parametrize("directives", [Directives(13), Directives(13, 0), Directives(10**17), Directives(11, 12)])
def test_request_too_far_ahead_is_refused(directives: Directives) -> None:
    """More than two segments, or more parts than the advance part limit, ahead of what there is."""
    with pytest.raises(QueryError):
        check_reach(directives, EDGE)


@pytest.mark.parametrize(
    "directives", [NOTHING, Directives(12), Directives(12, 8), Directives(11, 11), Directives(3, 99)]
)
def test_request_within_reach_is_let_wait(directives: Directives) -> None:
    """Two segments ahead is what a client may ask that tunes in through a cache."""
    check_reach(directives, EDGE)


def test_last_part_of_a_long_next_segment_is_within_reach() -> None:
    """hls.js with low latency off asks for it; with 9 s segments that is beyond the advance part limit."""
    check_reach(Directives(11, 26), Edge(10, 27, 0, target_duration=9, part_target_us=333_334))


@UNHURRIED
@given(st.integers(0, 14), st.none() | st.integers(0, 20), st.integers(0, 7))
def test_satisfied_request_stays_satisfied_as_parts_come(msn: int, part: int | None, closes_at: int) -> None:
    """An edge that moves on never makes a waiter wait again, and all within reach are answered in the end."""
    asked = Directives(msn, part)
    edges = [Edge(9, 6, parts, 2, 333_334) for parts in range(closes_at + 1)]
    edges += [Edge(10, closes_at + 1, parts, 2, 333_334) for parts in range(7)]
    answers = [is_satisfied(asked, edge) for edge in [*edges, Edge(14, 6, 1, 2, 333_334)]]
    assert answers == sorted(answers)
    assert answers[-1] or (msn == 14)


def test_request_is_held_for_three_target_durations() -> None:
    """Then it is 503, or the playlist as it is while no encoder is there (6.2.5.2)."""
    assert longest_wait_us(2) == 6_000_000
