"""Identifiers and secrets: minted, hashed, compared. All random; nothing can be guessed from its neighbour."""

import hashlib
import hmac
import secrets
from typing import Final

ID_LENGTH: Final = 32
STREAM_KEY_LENGTH: Final = 32
TOKEN_PREFIX: Final = "hw_"  # noqa: S105  what a token begins with, not one

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_HEX = frozenset("0123456789abcdef")


def new_id() -> str:
    """128 random bits as 32 hex digits: the id of a livestream, a broadcast, a media, a fact."""
    return secrets.token_hex(ID_LENGTH // 2)


def is_id(text: str) -> bool:
    """Whether `text` could be an id of ours; anything else need not be looked up."""
    return len(text) == ID_LENGTH and _HEX.issuperset(text)


def new_stream_key() -> str:
    """32 letters and digits (165 bits), safe in any URL and easy to paste into an encoder."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(STREAM_KEY_LENGTH))


def new_token() -> str:
    """An API token: `hw_` and 40 letters and digits (206 bits), so that secret scanners and our logs know it."""
    return TOKEN_PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(40))


def digest(key: str) -> str:
    """SHA-256 as 64 hex digits: how a stream key or token is looked up and, for tokens, all that is kept of it.

    A plain hash is enough since keys are random and long; a password hash would cost 100 ms a request.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how far they agree."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
