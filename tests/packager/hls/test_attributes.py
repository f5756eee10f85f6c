"""Attribute values and lists."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.packager.hls import attributes
from services.packager.hls.attributes import PlaylistError, bound, parse_seconds, seconds, split_attributes
from tests.packager.hls.histories import UNHURRIED

MICROSECONDS = st.integers(0, 10**11)


@UNHURRIED
@given(MICROSECONDS, MICROSECONDS)
def test_duration_within_its_target_is_printed_within_it(one: int, other: int) -> None:
    """What does not exceed a target in microseconds does not exceed it in print."""
    duration, target = sorted((one, other))
    assert Decimal(seconds(duration)) <= Decimal(bound(target))


@UNHURRIED
@given(MICROSECONDS)
def test_printed_duration_rounds_to_the_same_second_as_the_real_one(duration: int) -> None:
    """Printing never lifts a duration over the half second that TARGETDURATION is judged by."""
    real = (Decimal(duration) / 1_000_000).quantize(Decimal(1), ROUND_HALF_UP)
    assert Decimal(seconds(duration)).quantize(Decimal(1), ROUND_HALF_UP) == real


@UNHURRIED
@given(MICROSECONDS)
def test_printed_duration_is_within_ten_microseconds_of_the_real_one(duration: int) -> None:
    """Five decimals, and reading gives back what was printed."""
    assert abs(parse_seconds(seconds(duration)) - duration) <= 6
    assert seconds(parse_seconds(seconds(duration))) == seconds(duration)


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [(0, "0.00000"), (333_333, "0.33333"), (2_000_000, "2.00000"), (2_499_997, "2.49999"), (2_500_000, "2.50000")],
)
def test_duration_is_printed_with_five_decimals(microseconds: int, text: str) -> None:
    """Known durations, one of them just below the half second."""
    assert seconds(microseconds) == text


@pytest.mark.parametrize("text", ["", "x", "-1", "1.", ".5", "1e3", "1,5", "9" * 30, "²"])
def test_not_a_decimal_number_is_refused(text: str) -> None:
    """decimal-floating-point has digits, and a point only between digits."""
    with pytest.raises(PlaylistError):
        parse_seconds(text)


def test_attribute_list_keeps_commas_inside_quotes() -> None:
    """A comma in a quoted string ends no attribute."""
    found = split_attributes('BANDWIDTH=5,CODECS="avc1.64001f,mp4a.40.2",AUDIO="a"')
    assert found == {"BANDWIDTH": "5", "CODECS": '"avc1.64001f,mp4a.40.2"', "AUDIO": '"a"'}


@pytest.mark.parametrize("text", ["A", "A=", '"A"=1', 'A="x', "A=1,,B=2", "A=1,", "a=1", "A=1 ,B=2", "A=1,A=2"])
def test_bad_attribute_list_is_refused(text: str) -> None:
    """Missing values, stray commas and quotes, lower case, blanks, and the same name twice."""
    with pytest.raises(PlaylistError):
        split_attributes(text)


@pytest.mark.parametrize("text", ['a"b', "a\nb", "a\rb"])
def test_quoted_string_cannot_be_broken_out_of(text: str) -> None:
    """What would end a quoted string or a line is refused when written."""
    with pytest.raises(PlaylistError):
        attributes.QUOTED.encode(text)
