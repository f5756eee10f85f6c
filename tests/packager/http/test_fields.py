"""The header section of a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.packager.http.fields import Fields, accepts_gzip, matches_tag


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip ; Q=1", True),
        ("*", True),
        ("*;q=0", False),
        ("*;q=0, gzip", True),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("gzip;q=nan", False),
        ("gzip;q=2", False),
        ("gzip;level=1", False),
        ("br", False),
    ],
)
def test_accept_encoding_decides_about_gzip(value: str, expected: bool) -> None:
    """Weights count, 0 refuses, what cannot be read refuses, and the star stands for what is not named."""
    assert accepts_gzip(value) is expected


@given(st.text())
def test_any_accept_encoding_is_survived(value: str) -> None:
    """No text raises."""
    assert accepts_gzip(value) in (True, False)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False), ("", False)],
)
def test_entity_tags_compare_weakly(listed: str, expected: bool) -> None:
    """A weak mark is no difference, and each of a list may match."""
    assert matches_tag(listed, '"a"') is expected


def test_names_fold_and_repeats_join() -> None:
    """Names are lower case, repeated fields are joined in order, and what nobody asks for is dropped."""
    fields = Fields(
        [(b"Host", b"h"), (b"X-Forwarded-For", b"1.1.1.1"), (b"x-forwarded-for", b"2.2.2.2 "), (b"DNT", b"1")],
        has_body=False,
    )
    assert fields.values == {"host": "h", "x-forwarded-for": "1.1.1.1, 2.2.2.2"}
    assert fields.host_count == 1
    assert fields.is_plain


@pytest.mark.parametrize("name", [b"Range", b"If-None-Match"])
def test_partial_and_conditional_requests_are_not_plain(name: bytes) -> None:
    """What may change the answer's bytes is seen."""
    assert not Fields([(name, b"x")], has_body=False).is_plain


def test_connection_tokens_are_read_in_any_case_and_order() -> None:
    """`close` counts among other tokens."""
    fields = Fields([(b"Connection", b"Upgrade, Close"), (b"Connection", b"keep-alive")], has_body=False)
    assert fields.closes
    assert fields.keeps_alive


def test_only_continue_is_an_expectation_we_know() -> None:
    """Any other must be answered 417."""
    assert not Fields([(b"Expect", b"100-Continue")], has_body=False).has_expectation
    assert Fields([(b"Expect", b"tea")], has_body=False).has_expectation
