import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st

from services.common.ids import digest, is_id, is_same, new_id, new_stream_key, new_token


def test_ids_are_32_hex_digits_and_differ() -> None:
    """An id is 128 random bits in hex."""
    ids = {new_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(re.fullmatch("[0-9a-f]{32}", each) and is_id(each) for each in ids)


def test_other_text_is_no_id() -> None:
    """What cannot be an id need not be looked up."""
    assert not any(map(is_id, ("", "x" * 32, "A" * 32, "0" * 31, "0" * 33, "\u0660" * 32)))


def test_stream_keys_and_tokens_are_long_and_safe_in_urls() -> None:
    """Keys are made of letters and digits; a token is known by its prefix."""
    assert re.fullmatch("[a-z0-9]{32}", new_stream_key())
    assert re.fullmatch("hw_[a-z0-9]{40}", new_token())
    assert new_stream_key() != new_stream_key()
    assert new_token() != new_token()


@given(st.text())
def test_digest_is_sha256_of_any_text(key: str) -> None:
    """Whatever a peer sends as a key can be hashed and looked up."""
    assert digest(key) == hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@given(st.text(), st.text())
def test_comparison_agrees_with_equality(one: str, other: str) -> None:
    """Comparing in constant time gives what comparing gives."""
    assert is_same(one, one)
    assert is_same(one, other) == (one == other)
