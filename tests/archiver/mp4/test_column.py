"""Columns of sample tables."""

from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from services.archiver.mp4.column import Runs, long_words, words

NUMBERS = st.lists(st.integers(-2, 2), max_size=40)


def expected(numbers: list[int]) -> bytes:
    rows = [(len(list(few)), value) for value, few in groupby(numbers)]
    counts_and_values = b"".join(
        count.to_bytes(4, "big") + value.to_bytes(4, "big", signed=True) for count, value in rows
    )
    return len(rows).to_bytes(4, "big") + counts_and_values


@settings(deadline=None)
@given(NUMBERS)
def test_runs_are_written_as_stts_has_them(numbers: list[int]) -> None:
    """Count and value of each run of equal numbers, big-endian, negative ones too."""
    runs = Runs()
    for number in numbers:
        runs.append(number)
    assert runs.table() == expected(numbers)
    assert runs.is_all_zero() == (not any(numbers))


@settings(deadline=None)
@given(NUMBERS.filter(len), st.integers(-2, 2))
def test_last_number_can_be_replaced(numbers: list[int], last: int) -> None:
    """As if it had been another from the start."""
    runs = Runs()
    for number in numbers:
        runs.append(number)
    runs.replace_last(last)
    assert runs.table() == expected([*numbers[:-1], last])


def test_words_are_big_endian() -> None:
    """32 and 64 bits."""
    assert words([1, 0xFFFFFFFE]) == b"\0\0\0\1\xff\xff\xff\xfe"
    assert long_words([1 << 32]) == b"\0\0\0\1\0\0\0\0"
