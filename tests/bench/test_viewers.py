"""How late parts were, over many viewers."""

import pytest

from tests.bench.viewers import lateness


def test_lateness_is_from_the_stamp_to_each_arrival() -> None:
    """Every viewer's arrival of every part counts, in both renditions."""
    found = lateness([((3, 0), [10.1, 10.2]), ((3, 0), [10.05, 10.05])], {(3, 0): 10.0}, 2)

    assert sorted(found.seconds) == pytest.approx([0.05, 0.05, 0.1, 0.2])
    assert found.missing == 0


def test_part_that_reached_not_everybody_is_missing() -> None:
    """A viewer without the part is counted."""
    assert lateness([((3, 1), [10.1])], {(3, 1): 10.0}, 5).missing == 4


def test_part_outside_of_the_window_is_left_out() -> None:
    """What came while viewers joined or left says nothing."""
    assert lateness([((2, 5), [9.0])], {(3, 0): 10.0}, 1).seconds == []
