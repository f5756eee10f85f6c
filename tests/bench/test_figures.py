"""Percentiles and slopes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.figures import percentile, slope

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.5, 5), (0.9, 9), (0.91, 10), (0.99, 10), (1.0, 10), (0.1, 1), (0.11, 2)]
)
def test_percentile_of_ten_is_the_nearest_rank(share: float, expected: float) -> None:
    """The answer is one of the values, and never an average of two."""
    assert percentile([10, 2, 3, 1, 5, 4, 7, 6, 9, 8], share) == expected


def test_percentile_of_nothing_is_no_number() -> None:
    """Where nothing was measured there is nothing to say."""
    assert math.isnan(percentile([], 0.99))


@given(NUMBERS, st.floats(0, 1))
def test_percentile_is_not_exceeded_by_its_share(values: list[float], share: float) -> None:
    """At least the share of the values are at most the percentile, and fewer are below it."""
    found = percentile(values, share)

    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) <= share * len(values)


def test_slope_of_a_line_is_its_slope() -> None:
    """Points on a straight line give it back, wherever it begins."""
    assert slope([(0, 600), (1, 602.5), (5, 612.5), (10, 625)]) == pytest.approx(2.5)


def test_slope_of_scattered_points_is_that_of_least_squares() -> None:
    """One point off the line moves the slope by its leverage."""
    assert slope([(0, 0), (1, 0), (2, 3)]) == pytest.approx(1.5)


@pytest.mark.parametrize("points", [[], [(1, 5)], [(2, 5), (2, 7)]])
def test_slope_of_one_place_is_no_number(points: list[tuple[float, float]]) -> None:
    """Without two different numbers of streams nobody knows what one more costs."""
    assert math.isnan(slope(points))
