"""Page tokens, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.page_token import decode_place, encode_place
from services.common.errors import AppError, Kind


@given(time_us=st.integers(-(2**62), 2**62), key=st.text("0123456789abcdef", min_size=1, max_size=64))
def test_token_leads_back_to_its_place(time_us: int, key: str) -> None:
    """What was encoded is decoded, and fits into a URL as it is."""
    token = encode_place((time_us, key))

    assert decode_place(token) == (time_us, key)
    assert token.replace("-", "").replace("_", "").isalnum()


def test_empty_token_is_the_beginning() -> None:
    """The first page needs none."""
    assert decode_place("") is None


@given(token=st.text(min_size=1, max_size=40))
def test_foreign_token_is_refused_by_name_or_read(token: str) -> None:
    """Nothing but AppError(INVALID) on `pageToken` comes of garbage."""
    assert outcome(token) in {"read", (Kind.INVALID, "pageToken")}


def outcome(token: str) -> str | tuple[Kind, str | None]:
    try:
        decode_place(token)
    except AppError as error:
        return error.kind, error.field
    return "read"


def test_token_of_another_kind_is_refused() -> None:
    """Base64 alone does not make a token."""
    with pytest.raises(AppError):
        decode_place("aGVsbG8")
