"""Which frame a part waited for."""

import pytest

from tests.bench.delay import delays_ms, left_ms
from tests.bench.edge import Edge

SENT = [(0, 100.000), (33, 100.033), (67, 100.067), (100, 100.100), (133, 100.133)]


def test_delay_is_from_the_frame_that_ends_the_part_and_from_its_own_last() -> None:
    """A part of two frames ends when the third is sent."""
    ending, own = delays_ms([(67, 100.080)], SENT)

    assert ending == pytest.approx([13])
    assert own == pytest.approx([47])


def test_rounded_durations_do_not_move_a_part_to_the_next_frame() -> None:
    """Two parts of 0.333 s written for 0.3333 s end a millisecond early or late."""
    assert delays_ms([(66, 100.080)], SENT) == delays_ms([(67, 100.080)], SENT) == delays_ms([(68, 100.080)], SENT)


def test_part_that_ends_after_all_that_was_sent_is_left_out() -> None:
    """Nobody knows when its last frame will have gone out."""
    assert delays_ms([(0, 100.0), (167, 100.2)], SENT) == ([], [])


def test_what_left_the_window_is_the_lengths_of_its_segments() -> None:
    """Ends count from the broadcast's start though the list begins later."""
    before = Edge((), (9, 0), 4, ("4", "5", "6"), (2.0, 2.5, 2.0), has_ended=False)
    after = Edge((), (9, 1), 6, ("6",), (2.0,), has_ended=False)

    assert left_ms(before, after) == 4500
    assert left_ms(before, before) == 0
