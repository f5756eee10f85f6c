import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.redaction import MASK, is_secret_name, redact, redact_text


@pytest.mark.parametrize(
    "name",
    [
        "stream_key",
        "streamKey",
        "token",
        "Authorization",
        "s3_secret_key",
        "passphrase",
        "HEADWATER_S3_ACCESS_KEY",
    ],
)
def test_secret_names_are_known(name: str) -> None:
    """What goes under these names is never shown."""
    assert is_secret_name(name)
    assert redact(name, "abc") == MASK


@pytest.mark.parametrize("name", ["livestream", "key_count", "instance", "keyframe", "monkey"])
def test_ordinary_names_are_not_secret(name: str) -> None:
    """Names that only look alike stay readable."""
    assert redact(name, "abc") == "abc"


def test_secrets_inside_containers_are_masked() -> None:
    """A secret is masked at any depth, and numbers that only count secrets stay."""
    shown = redact("request", {"input": {"stream_key": "abc", "url": "rtmp://h/live"}, "tokens": 3})

    assert shown == {"input": {"stream_key": MASK, "url": "rtmp://h/live"}, "tokens": 3}
    assert redact("tokens", ["abc", "def"]) == MASK


def test_bytes_are_shown_as_their_length() -> None:
    """No dump of bytes reaches a line, however it is wrapped."""
    assert redact("data", b"\x00" * 300) == "<300 bytes>"
    assert redact("data", [memoryview(b"ab")]) == ["<2 bytes>"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("got Bearer abc.def-1", f"got Bearer {MASK}"),
        ("nats://user:pass@host:4222 refused", f"nats://{MASK}@host:4222 refused"),
        ("token hw_0123456789abcdef used", f"token {MASK} used"),
        ("http://host/hw/x", "http://host/hw/x"),
    ],
)
def test_credentials_inside_text_are_masked(text: str, shown: str) -> None:
    """Known spellings of credentials are found inside other people's sentences."""
    assert redact_text(text) == shown


def test_long_text_and_deep_nesting_are_cut() -> None:
    """One line has a bound whatever is thrown at it."""
    deep: list[object] = []
    for _ in range(100):
        deep = [deep]

    assert len(redact_text("x" * 100_000)) < 5000
    assert len(str(redact("deep", deep))) < 100
    assert len(redact("wide", list(range(10_000)))) == 50


@given(st.text(min_size=8, alphabet="abcdef0123456789"))
def test_api_tokens_never_survive(secret: str) -> None:
    """Whatever an API token is made of, its text is gone."""
    assert secret not in redact_text(f"refused hw_{secret} from 10.9.8.7".replace("10.9.8.7", "peer"))
