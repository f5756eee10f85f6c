"""Blocking S3 calls, for the store's threads: minio-py asks the questions, `objects_sending` sends the bodies."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast
from urllib.parse import urlsplit

import urllib3

from services.common.objects_errors import ObjectsUnavailable, translated
from services.common.objects_library import CopySource, DeleteObject, Minio, Part, S3Error
from services.common.objects_sending import Body, Sender
from services.common.objects_signing import Signer
from services.common.objects_wire import Wire

_CONNECT_TIMEOUT_S = 3.0
_READ_TIMEOUT_S = 15.0
_DELETE_AT_ONCE = 1000
_LIST_AT_ONCE = 1000
_OURS_ALREADY = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object as a list shows it; `size` in bytes."""

    key: str
    size: int


class S3Client:
    """One bucket. Every call ends: each step of a socket has a time limit, and nothing is tried twice."""

    def __init__(
        self,
        endpoint: str,
        *,
        access_key: str,
        secret_key: str,
        bucket: str,
        region: str,
        connections: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        address = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
        if address.scheme not in ("http", "https") or not address.netloc or address.path.strip("/"):
            raise ValueError(f"not an object store's address: {endpoint!r}")
        self._pool = urllib3.PoolManager(
            maxsize=connections,
            timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=_READ_TIMEOUT_S),
            retries=False,
            ssl_context=tls,
        )
        self._minio = Minio(
            address.netloc,
            access_key=access_key,
            secret_key=secret_key,
            region=region,
            secure=address.scheme == "https",
            http_client=self._pool,
        )
        self._wire = Wire(
            address,
            connections=connections,
            connect_timeout_s=_CONNECT_TIMEOUT_S,
            read_timeout_s=_READ_TIMEOUT_S,
            tls=tls,
        )
        self._sender = Sender(self._wire, address, Signer(access_key, secret_key, region), bucket=bucket)
        self._bucket = bucket

    def ensure_bucket(self) -> None:
        with translated():
            if self._minio.bucket_exists(self._bucket):
                return
            try:
                self._minio.make_bucket(self._bucket)
            except S3Error as error:  # another program was faster
                if error.code not in _OURS_ALREADY:
                    raise

    def put(self, key: str, pieces: Sequence[Body], content_type: str) -> None:
        self._sender.put(key, pieces, {"Content-Type": content_type}, {})

    def get(self, key: str, start: int, length: int | None) -> tuple[bytes, int]:
        """The bytes asked for and the size of the whole object; nothing where `start` is at or past its end."""
        with translated():
            try:
                response = self._minio.get_object(self._bucket, key, offset=start, length=length or 0)
            except S3Error as error:
                if error.code != "InvalidRange":
                    raise
                return b"", self.size(key)
            try:
                data = response.read()
                return data, _whole_size(response.headers.get("Content-Range"), len(data))
            finally:
                response.close()
                response.release_conn()

    def copy(self, source: str, key: str) -> None:
        with translated():
            self._minio.copy_object(self._bucket, key, CopySource(self._bucket, source))

    def size(self, key: str) -> int:
        with translated():
            return cast("int", self._minio.stat_object(self._bucket, key).size)

    def list(self, prefix: str, start_after: str | None, limit: int) -> list[ObjectInfo]:
        with translated():
            items = self._minio._list_objects(  # noqa: SLF001  the public one asks for a thousand, whoever wants three
                self._bucket,
                encoding_type="url",
                max_keys=min(limit, _LIST_AT_ONCE),
                prefix=prefix,
                start_after=start_after,
            )
            return [ObjectInfo(cast("str", item.object_name), item.size or 0) for item in islice(items, limit)]

    def delete(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), _DELETE_AT_ONCE):
            chosen = [DeleteObject(key) for key in keys[start : start + _DELETE_AT_ONCE]]
            with translated():
                errors = [
                    error for error in self._minio.remove_objects(self._bucket, chosen) if error.code != "NoSuchKey"
                ]
            if errors:
                raise ObjectsUnavailable(f"{len(errors)} objects were not deleted: {errors[0].message}")

    def begin_upload(self, key: str, content_type: str) -> str:
        with translated():
            return self._minio._create_multipart_upload(self._bucket, key, {"Content-Type": content_type})  # noqa: SLF001  minio-py shows no other way

    def put_part(self, key: str, upload: str, number: int, pieces: Sequence[Body]) -> str:
        """Its ETag, which `finish_upload` wants."""
        return self._sender.put(key, pieces, {}, {"partNumber": str(number), "uploadId": upload})

    def finish_upload(self, key: str, upload: str, etags: Sequence[str]) -> None:
        parts = [Part(number, etag) for number, etag in enumerate(etags, 1)]
        with translated():
            self._minio._complete_multipart_upload(self._bucket, key, upload, parts)  # noqa: SLF001  as above

    def drop_upload(self, key: str, upload: str) -> None:
        with translated():
            self._minio._abort_multipart_upload(self._bucket, key, upload)  # noqa: SLF001  as above

    def close(self) -> None:
        self._pool.clear()
        self._wire.close()


def _whole_size(content_range: str | None, read: int) -> int:
    total = (content_range or "").rpartition("/")[2]
    return int(total) if total.isdigit() else read
