"""Page tokens: where a list goes on, opaque to who holds one. Pure."""

import base64
import binascii

from services.api.newest_first import Place
from services.common.errors import AppError, Kind


def encode_place(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place[0]}.{place[1]}".encode()).decode().rstrip("=")


def encode_offset(offset: int) -> str:
    """For lists that are made anew at each look and have no keys."""
    return base64.urlsafe_b64encode(f"+{offset}".encode()).decode().rstrip("=")


def decode_offset(token: str) -> int:
    """How many come before; 0 for an empty token. AppError(INVALID) for one that is none of ours."""
    if not token:
        return 0
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        text = ""
    if not text.startswith("+") or not text[1:].isdecimal() or len(text) > 10:
        raise AppError(Kind.INVALID, "is no page token of this list", field="pageToken")
    return int(text[1:])


def decode_place(token: str) -> Place | None:
    """The place; None for an empty token. AppError(INVALID) for one that is none of ours."""
    if not token:
        return None
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
        number, _, key = text.partition(".")
        return int(number), key
    except (ValueError, binascii.Error):
        raise AppError(Kind.INVALID, "is no page token of this list", field="pageToken") from None
