"""Access tokens of OAuth2: signed, so that every replica knows them, and bound to the token they were given for.

`hw_at_` and hex digits: version, when it ends (seconds since the Unix epoch, 8 bytes), SHA-256 of the token, the
tenant's name, and HMAC-SHA256 over all of that. What the token itself may do is looked up at each call, so that an
access token ends with its token. Pure.
"""

import hmac
import struct
from dataclasses import dataclass

PREFIX = "hw_at_"

_HEAD = struct.Struct(">BQ32s")
_VERSION = 1
_MAC_BYTES = 32


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token stands for."""

    digest: str
    """SHA-256 of the token it was given for, as 64 hex digits."""
    tenant_id: str
    expire_time: int
    """Seconds since the Unix epoch; from then on it is not accepted."""


class AccessTokens:
    """Signs and reads them under one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, grant: Grant) -> str:
        """The access token."""
        body = _HEAD.pack(_VERSION, grant.expire_time, bytes.fromhex(grant.digest)) + grant.tenant_id.encode()
        return PREFIX + (body + self._mac(body)).hex()

    def read(self, token: str) -> Grant | None:
        """What it stands for, whether or not it has ended; None if we have not signed it."""
        try:
            raw = bytes.fromhex(token.removeprefix(PREFIX))
        except ValueError:
            return None
        body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(body) < _HEAD.size or not hmac.compare_digest(mac, self._mac(body)):
            return None
        version, expire_time, digest = _HEAD.unpack_from(body)
        tenant_id = body[_HEAD.size :].decode()
        return Grant(digest.hex(), tenant_id, expire_time) if version == _VERSION else None

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")
