"""AWS Signature Version 4 for requests whose body is not hashed (UNSIGNED-PAYLOAD). Pure.

The key that signs is the same all day, so a signature is two hashes; minio-py derives the key each time.
"""

import hashlib
import hmac
from datetime import datetime

_SIGNED_HEADERS = "host;x-amz-content-sha256;x-amz-date"
_UNSIGNED = "UNSIGNED-PAYLOAD"


class Signer:
    """Signs for one user of one region."""

    def __init__(self, access_key: str, secret_key: str, region: str) -> None:
        self._access_key = access_key
        self._secret = f"AWS4{secret_key}".encode()
        self._region = region
        self._day = ""
        self._day_key = b""

    def headers(self, method: str, host: str, path: str, query: str, now: datetime) -> str:
        """The header lines that let a request in. `path` and `query` as they are sent; `query` sorted by key."""
        time = now.strftime("%Y%m%dT%H%M%SZ")
        day = time[:8]
        asked = (
            f"{method}\n{path}\n{query}\n"
            f"host:{host}\nx-amz-content-sha256:{_UNSIGNED}\nx-amz-date:{time}\n\n"
            f"{_SIGNED_HEADERS}\n{_UNSIGNED}"
        )
        scope = f"{day}/{self._region}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        signature = _sign(self._key_of(day), text).hex()
        return (
            f"Host: {host}\r\nx-amz-content-sha256: {_UNSIGNED}\r\nx-amz-date: {time}\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential={self._access_key}/{scope}, "
            f"SignedHeaders={_SIGNED_HEADERS}, Signature={signature}\r\n"
        )

    def _key_of(self, day: str) -> bytes:
        if day != self._day:
            key = self._secret
            for word in (day, self._region, "s3", "aws4_request"):
                key = _sign(key, word)
            # The key first: another thread that sees the new day must not find the old key.
            self._day_key = key
            self._day = day
        return self._day_key


def _sign(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
