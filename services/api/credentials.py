"""What a request shows of who sends it: a bearer token, a user with a password, or an e-mail with a key. Pure."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

TENANT_KEY = "x-headwater-tenant"
"""Metadata, and so a header: the tenant in which a call is meant."""

APP_KEY = "x-headwater-app"
"""The same for the app."""

CREDENTIAL_HEADERS = ("authorization", "x-auth-email", "x-auth-key")

CALLER_HEADERS = (*CREDENTIAL_HEADERS, TENANT_KEY, APP_KEY)
"""What of a request's headers says who calls and where: a call's metadata."""

_MAX_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret, and whose it claims to be where that is said."""

    secret: str
    token_id: str = ""
    """The token's id, or "admin"; empty: not said."""


def read_credential(metadata: Iterable[tuple[str, str | bytes]]) -> Credential | None:
    """From the metadata of a call, whose names are in lower case. None: it shows nothing that can be read.

    `authorization` wins over `x-auth-key`. The e-mail beside that key says nothing: the key is enough.
    """
    shown = {key: value[:_MAX_LENGTH] for key, value in metadata if isinstance(value, str)}
    if "authorization" in shown:
        return read_authorization(shown["authorization"])
    key = shown.get("x-auth-key", "").strip()
    return Credential(key) if key and shown.get("x-auth-email", "").strip() else None


def read_authorization(value: str) -> Credential | None:
    """The value of an Authorization header: `Bearer <secret>` (RFC 6750) or `Basic` (RFC 7617)."""
    kind, _, rest = value.partition(" ")
    rest = rest.strip()
    if kind.lower() == "bearer" and rest:
        return Credential(rest)
    return _read_basic(rest) if kind.lower() == "basic" else None


def _read_basic(encoded: str) -> Credential | None:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except ValueError:  # of base64, of its ASCII, or of the UTF-8 inside
        return None
    user, colon, password = text.partition(":")
    return Credential(password, user) if colon and user and password else None
