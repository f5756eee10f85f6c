"""Query strings of playlist requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.packager.hls.query import MAX_QUERY_LENGTH, QueryError, propagated, with_query
from tests.packager.hls.histories import UNHURRIED


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("_HLS_msn=1&_HLS_part=2", ""),
        ("token=a%2Fb%3D&_HLS_msn=1&x", "token=a%2Fb%3D&x"),
        ("%5FHLS_msn=1&a=_HLS_msn", "a=_HLS_msn"),
        ("_HLS_new=1&&a=1&", "a=1"),
        ('a="b<c>\r\n', "a=%22b%3Cc%3E%0D%0A"),
        ("a=é", "a=%C3%A9"),
    ],
)
def test_all_but_directives_is_handed_on(query: str, kept: str) -> None:
    """In order and as sent, with what would break a playlist line encoded."""
    assert propagated(query) == kept


@UNHURRIED
@given(st.text(max_size=200))
def test_whatever_is_handed_on_can_stand_in_a_quoted_uri(query: str) -> None:
    """No quote, blank, control or non-ASCII character is reflected."""
    kept = propagated(query)
    assert kept.isascii()
    assert not set(kept) & set('" \r\n\t\0<>#')


def test_query_beyond_the_limit_is_refused() -> None:
    """It would be repeated after every URI."""
    with pytest.raises(QueryError, match="longer than 2048"):
        propagated("a" * (MAX_QUERY_LENGTH + 1))


def test_query_takes_the_place_of_every_mark() -> None:
    """With nothing to hand on the marks vanish."""
    assert with_query(b"a\0,b\0", "t=1") == b"a?t=1,b?t=1"
    assert with_query(b"a\0,b\0", "") == b"a,b"
