"""Sending bodies to S3: signed, but not hashed and not joined.

Over http minio-py hashes a body by SHA-256 (0.9 ms a MB here) and wants it in one piece. UNSIGNED-PAYLOAD in the
signature spares both, and every S3 server takes it; that all of the body came is what Content-Length is for.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import cast
from urllib.parse import SplitResult, quote, urlencode

import urllib3
from minio.credentials.credentials import Credentials
from minio.signer import sign_v4_s3

from services.common.objects_errors import ObjectsRefused, check_status, translated

Body = bytes | bytearray | memoryview

_UNSIGNED = "UNSIGNED-PAYLOAD"


class Sender:
    """PUTs into one bucket, over the pool's connections to it."""

    def __init__(
        self,
        pool: urllib3.PoolManager,
        address: SplitResult,
        *,
        access_key: str,
        secret_key: str,
        bucket: str,
        region: str,
    ) -> None:
        self._connections = pool.connection_from_url(address.geturl())
        self._address = address
        self._credentials = Credentials(access_key, secret_key)
        self._region = region
        self._bucket = bucket

    def put(self, key: str, pieces: Sequence[Body], headers: dict[str, str], query: dict[str, str]) -> str:
        """Send the pieces as the body; the ETag of what was stored."""
        path = f"/{self._bucket}/{quote(key, safe='/~')}"
        url = SplitResult(self._address.scheme, self._address.netloc, path, urlencode(query, quote_via=quote), "")
        headers = self._signed(url, {**headers, "Content-Length": str(sum(map(len, pieces)))})
        with translated():
            answer = self._connections.urlopen(
                "PUT",
                f"{path}?{url.query}" if url.query else path,
                body=cast("Iterable[bytes]", pieces) or b"",  # sent one by one, as the length is known
                headers=headers,
                redirect=False,
            )
            check_status(answer.status, answer.data)
        etag = answer.headers.get("ETag")
        if not etag:
            raise ObjectsRefused("the store gave no ETag")
        return etag.strip('"')

    def _signed(self, url: SplitResult, headers: dict[str, str]) -> dict[str, str]:
        now = datetime.now(UTC)
        headers |= {
            "Host": url.netloc,
            "x-amz-content-sha256": _UNSIGNED,
            "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        }
        signed = sign_v4_s3(
            method="PUT",
            url=url,
            region=self._region,
            headers=dict(headers),
            credentials=self._credentials,
            content_sha256=_UNSIGNED,
            date=now,
        )
        return cast("dict[str, str]", signed)
