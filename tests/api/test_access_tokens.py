"""Access tokens: what is signed is read, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from services.api.access_tokens import PREFIX, AccessTokens, Grant
from services.common.redaction import MASK, redact_text

SIGNER = AccessTokens(bytes(32))
GRANT = Grant("ab" * 32, "default", 1_800_000_000)


@given(st.binary(min_size=32, max_size=32), st.text(max_size=36), st.integers(0, 2**63))
def test_what_was_signed_is_read(digest: bytes, tenant: str, expire_time: int) -> None:
    """By every replica that has the key."""
    grant = Grant(digest.hex(), tenant, expire_time)

    assert AccessTokens(bytes(32)).read(SIGNER.sign(grant)) == grant


@given(st.integers(0, 10_000), st.integers(1, 15))
def test_one_digit_changed_is_no_access_token(place: int, by: int) -> None:
    """Wherever it stands."""
    signed = SIGNER.sign(GRANT).removeprefix(PREFIX)
    place %= len(signed)
    changed = f"{int(signed[place], 16) ^ by:x}"

    assert SIGNER.read(PREFIX + signed[:place] + changed + signed[place + 1 :]) is None


@given(st.text(max_size=300))
def test_text_of_a_stranger_is_no_access_token(text: str) -> None:
    """Of any length and alphabet."""
    assert SIGNER.read(PREFIX + text) is None


def test_key_of_another_installation_opens_nothing() -> None:
    """Nor does a token cut short."""
    signed = SIGNER.sign(GRANT)

    assert AccessTokens(bytes(31) + b"\x01").read(signed) is None
    assert SIGNER.read(signed[:-2]) is None


def test_access_token_is_masked_whole_in_logs() -> None:
    """As every token is."""
    assert redact_text(f"sent {SIGNER.sign(GRANT)} to us") == f"sent {MASK} to us"
