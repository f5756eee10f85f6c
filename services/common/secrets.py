"""Sealing of what must be shown again, as stream keys must: AES-256-GCM under one key of the installation.

The key is `HEADWATER_SECRET_KEY` or else the file `secret-key` in the state folder, made once by whichever program
comes first. Lost, the sealed things are lost: livestreams need new keys.
"""

import base64
import binascii
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.common.errors import AppError, Kind
from services.common.settings import ServiceSettings

KEY_BYTES = 32
KEY_FILE = "secret-key"

_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Sealer:
    """Seals and opens small secrets."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes, not {len(key)}")
        self._cipher = AESGCM(key)

    def seal(self, plaintext: str, context: str) -> bytes:
        """Version, nonce, ciphertext and tag: 29 bytes more than the plaintext.

        `context` says what it is and whose ("stream-key/<livestream>/primary"); `open` needs the same, so that one
        record's secret cannot be moved into another.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plaintext.encode(), context.encode())

    def open(self, sealed: bytes, context: str) -> str:
        """The plaintext; AppError(INTERNAL) if it was sealed under another key or context, or was changed."""
        if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES or sealed[:1] != _VERSION:
            raise AppError(Kind.INTERNAL, "a sealed secret is damaged")
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, context.encode()).decode()
        except InvalidTag:
            message = (
                "a sealed secret does not open: HEADWATER_SECRET_KEY or secret-key is not the one it was sealed with"
            )
            raise AppError(Kind.INTERNAL, message) from None


def sealer_of(settings: ServiceSettings) -> Sealer:
    """The installation's sealer. AppError(INVALID) names the setting or file if the key in it is none."""
    return Sealer(_key_of(settings))


def derived_key(settings: ServiceSettings, purpose: str) -> bytes:
    """32 bytes for one purpose (at most 16 characters), the same in every program here. AppError as `sealer_of`."""
    return hashlib.blake2b(key=_key_of(settings), person=purpose.encode(), digest_size=KEY_BYTES).digest()


def _key_of(settings: ServiceSettings) -> bytes:
    if settings.secret_key is not None:
        return parse_key(settings.secret_key.get_secret_value(), "HEADWATER_SECRET_KEY")
    path = settings.home / KEY_FILE
    return parse_key(_read_or_make(path), str(path))


def parse_key(text: str, source: str) -> bytes:
    """32 bytes from 64 hex digits or from base64; AppError(INVALID) names `source` and never shows the text."""
    text = text.strip()
    try:
        key = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise AppError(Kind.INVALID, f"{source} is no key; expected {KEY_BYTES} bytes as hex or base64")
    return key


def _read_or_make(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        _make(path)
        return path.read_text()


def _make(path: Path) -> None:
    """Several programs may start at once: the file appears whole, and the first one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()
