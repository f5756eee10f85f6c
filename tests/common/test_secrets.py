import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.common.errors import AppError, Kind
from services.common.secrets import KEY_FILE, Sealer, derived_key, parse_key, sealer_of
from services.common.settings import ServiceSettings

_KEY = bytes(range(32))


@given(st.text(), st.text(max_size=50))
def test_sealed_text_opens_again(plaintext: str, context: str) -> None:
    """What was sealed opens under the same key and context."""
    sealer = Sealer(_KEY)
    sealed = sealer.seal(plaintext, context)

    assert sealer.open(sealed, context) == plaintext
    assert len(sealed) == len(plaintext.encode()) + 29


def test_same_text_seals_differently() -> None:
    """Two records with one secret do not show that they share it."""
    assert Sealer(_KEY).seal("key", "a") != Sealer(_KEY).seal("key", "a")


@given(st.integers(0, 200), st.integers(1, 255))
def test_any_change_is_noticed(position: int, flip: int) -> None:
    """A sealed secret with one byte changed does not open."""
    sealed = bytearray(Sealer(_KEY).seal("stream-key", "context"))
    sealed[position % len(sealed)] ^= flip

    with pytest.raises(AppError):
        Sealer(_KEY).open(bytes(sealed), "context")


@pytest.mark.parametrize(
    ("key", "context"), [(bytes(32), "livestream/a"), (_KEY, "livestream/b")], ids=["other key", "other context"]
)
def test_other_key_or_context_does_not_open(key: bytes, context: str) -> None:
    """A secret cannot be moved into another record or read under another key."""
    sealed = Sealer(_KEY).seal("stream-key", "livestream/a")
    with pytest.raises(AppError) as refused:
        Sealer(key).open(sealed, context)

    assert refused.value.kind is Kind.INTERNAL
    assert "HEADWATER_SECRET_KEY" in refused.value.detail


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" + bytes(60)])
def test_damaged_bytes_are_refused(sealed: bytes) -> None:
    """Bytes that were never sealed are called damaged."""
    with pytest.raises(AppError, match="damaged"):
        Sealer(_KEY).open(sealed, "")


def test_key_is_read_as_hex_or_base64() -> None:
    """Both spellings of a key give the same bytes, with white space around."""
    assert parse_key(f" {_KEY.hex()}\n", "x") == _KEY
    assert parse_key(base64.b64encode(_KEY).decode(), "x") == _KEY


@pytest.mark.parametrize("text", ["", "short", "zz" * 32, "ab" * 31, "é" * 44])
def test_bad_key_is_named_and_not_shown(text: str) -> None:
    """A key that is none is refused with its source and never repeated."""
    with pytest.raises(AppError, match="HEADWATER_SECRET_KEY is no key") as refused:
        parse_key(text, "HEADWATER_SECRET_KEY")

    assert not text or text not in refused.value.detail
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(b"short")


def test_key_file_is_made_once_for_the_owner_only(tmp_path: Path) -> None:
    """The first program makes the file with mode 600; the next ones use it."""
    settings = ServiceSettings(home=tmp_path / "var")
    sealed = sealer_of(settings).seal("key", "c")

    assert sealer_of(settings).open(sealed, "c") == "key"
    assert stat.S_IMODE((tmp_path / "var" / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == [KEY_FILE]


def test_key_from_the_settings_wins(tmp_path: Path) -> None:
    """With a key in the settings no file is made."""
    settings = ServiceSettings(home=tmp_path, secret_key=SecretStr(_KEY.hex()))

    assert Sealer(_KEY).open(sealer_of(settings).seal("key", "c"), "c") == "key"
    assert not list(tmp_path.iterdir())


def test_programs_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    """Of several processes that find no key, one makes it and all use that one."""
    program = (
        "import sys; from pathlib import Path; from services.common import secrets;"
        "sys.stdin.read(); sys.stdout.write(secrets._read_or_make(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / KEY_FILE)]
    environment = {"PATH": os.environ["PATH"]}
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    keys = {process.communicate(timeout=30)[0] for process in processes}

    assert len(keys) == 1
    assert len(parse_key(keys.pop().decode(), "file")) == 32


def test_derived_keys_differ_by_purpose_and_agree_between_programs(tmp_path: Path) -> None:
    """Two programs of one installation derive the same key, and no purpose can use another's."""
    settings = ServiceSettings(home=tmp_path)

    assert derived_key(settings, "audience") == derived_key(ServiceSettings(home=tmp_path), "audience")
    assert derived_key(settings, "audience") != derived_key(settings, "paging")
    assert derived_key(settings, "audience") != bytes.fromhex((tmp_path / "secret-key").read_text().strip())
