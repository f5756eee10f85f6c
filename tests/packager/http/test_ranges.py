"""Byte ranges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.packager.http.ranges import Span, Unsatisfiable, cut, parse_range


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-500", (0, 100)),
        ("Bytes= 5-6 ", (5, 7)),
        ("bytes=99-99", (99, 100)),
    ],
)
def test_one_range_is_cut_to_what_there_is(field: str, expected: tuple[int, int]) -> None:
    """First-last, open and suffix ranges, as in RFC 9110, 14.1.2."""
    assert parse_range(field, 100) == expected


@pytest.mark.parametrize("field", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_range_outside_is_unsatisfiable(field: str) -> None:
    """Nothing of it is there."""
    with pytest.raises(Unsatisfiable):
        parse_range(field, 100)


@pytest.mark.parametrize(
    "field", ["", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "bytes=٣-٤"]
)
def test_what_is_not_one_range_is_ignored(field: str) -> None:
    """Other units, bad syntax and several ranges get the whole."""
    assert parse_range(field, 100) is None


def test_empty_body_satisfies_no_range() -> None:
    """There is no first byte."""
    with pytest.raises(Unsatisfiable):
        parse_range("bytes=0-", 0)


@given(st.text(max_size=30), st.integers(0, 1000))
def test_any_field_is_survived(text: str, length: int) -> None:
    """A span lies within the body, whatever was asked."""
    try:
        span = parse_range(f"bytes={text}", length)
    except Unsatisfiable:
        return
    assert span is None or 0 <= span.start < span.stop <= length


@given(st.lists(st.binary(max_size=20), max_size=8), st.data())
def test_cut_is_a_slice_of_the_joined_body(body: list[bytes], data: st.DataObject) -> None:
    """Wherever the pieces lie."""
    whole = b"".join(body)
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    assert b"".join(cut(body, Span(start, stop))) == whole[start:stop]
