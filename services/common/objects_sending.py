"""Sending bodies to S3: signed, but not hashed and not joined.

Over http minio-py hashes a body by SHA-256 (0.9 ms a MB here) and wants it in one piece. UNSIGNED-PAYLOAD in the
signature spares both, and every S3 server takes it; that all of the body came is what Content-Length is for.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote

from services.common.objects_errors import ObjectsRefused, check_status, translated
from services.common.objects_signing import Signer
from services.common.objects_wire import Wire

Body = bytes | bytearray | memoryview


class Sender:
    """PUTs into one bucket."""

    def __init__(self, wire: Wire, address: SplitResult, signer: Signer, *, bucket: str) -> None:
        self._wire = wire
        self._host = address.netloc
        self._signer = signer
        self._bucket = bucket

    def put(self, key: str, pieces: Sequence[Body], headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Send the pieces as the body; the ETag of what was stored."""
        path = f"/{self._bucket}/{quote(key, safe='/~')}"
        asked = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(query.items()))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        signed = self._signer.headers("PUT", self._host, path, asked, datetime.now(UTC))
        target = f"{path}?{asked}" if asked else path
        head = f"PUT {target} HTTP/1.1\r\n{signed}{lines}Content-Length: {sum(map(len, pieces))}\r\n\r\n"
        with translated():
            answer = self._wire.exchange(head.encode(), pieces)
        check_status(answer.status, answer.body)
        etag = answer.headers.get("etag")
        if not etag:
            raise ObjectsRefused("the store gave no ETag")
        return etag.strip('"')
