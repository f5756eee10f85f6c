"""Everything that is kept: the one way to S3.

Objects are private and their contents never change. Calls run in a few threads of their own; each has a deadline and
is tried once: whether to try again is the caller's to know.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Self, TypeVar

from services.common.objects_client import ObjectInfo, S3Client
from services.common.objects_errors import ObjectMissing, ObjectsRefused, ObjectsUnavailable
from services.common.objects_parts import PartBuffer
from services.common.objects_sending import Body

T = TypeVar("T")

__all__ = ["Body", "ObjectInfo", "ObjectStore", "ObjectsRefused", "ObjectsUnavailable", "Put"]

THREADS = 8
TIMEOUT_S = 30.0
"""For one request, the wait for a thread included; a body of 64 MB takes a second on a slow disk."""
PART_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
LIST_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Put:
    """An object to be written; its bytes may come in pieces, which are sent as they are."""

    key: str
    pieces: Sequence[Body]
    content_type: str = "application/octet-stream"


class ObjectStore:
    """One bucket of an S3 server. Every call may raise ObjectsUnavailable and ObjectsRefused.

    `endpoint` is `http://host:port` or `https://…`; `tls` holds the authorities to trust where the system's will not
    do.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        access_key: str,
        secret_key: str,
        bucket: str,
        region: str = "us-east-1",
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._client = S3Client(
            endpoint,
            access_key=access_key,
            secret_key=secret_key,
            bucket=bucket,
            region=region,
            connections=THREADS,
            tls=tls,
        )
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="objects")
        self._timeout_s = timeout_s

    async def ensure_bucket(self) -> None:
        """Create the bucket unless it is there."""
        await self._run(self._client.ensure_bucket)

    async def put(self, key: str, data: Body | Sequence[Body], content_type: str = "application/octet-stream") -> None:
        """Write an object whole or not at all; `data` may come in pieces, which are sent as they are."""
        pieces = [data] if isinstance(data, Body) else data
        await self.put_all([Put(key, pieces, content_type)])

    async def put_all(self, puts: Sequence[Put]) -> None:
        """Write objects, each when the one before it is there, and none after one that failed.

        Together they take one thread and one deadline: to go there and back costs as much as a small object does.
        """

        def write() -> None:
            for put in puts:
                self._client.put(put.key, put.pieces, put.content_type)

        await self._run(write)

    async def put_stream(
        self,
        key: str,
        chunks: AsyncIterable[bytes],
        content_type: str = "application/octet-stream",
        *,
        part_bytes: int = PART_BYTES,
    ) -> int:
        """Write an object of unknown size, holding at most one part and one chunk; its size.

        It appears when the last part is in; if anything fails, never. `part_bytes` is 5 MiB or more (S3's rule), and
        there are at most 10,000 parts.
        """
        buffer = PartBuffer(part_bytes)
        upload = ""
        etags: list[str] = []
        try:
            async for chunk in chunks:
                for part in buffer.add(chunk):
                    upload = upload or await self._begin(key, content_type)
                    etags.append(await self._put_part(key, upload, len(etags) + 1, part))
            rest = buffer.rest()
            if not upload:
                await self.put(key, rest, content_type)
                return buffer.size
            if rest:
                etags.append(await self._put_part(key, upload, len(etags) + 1, rest))
            await self._run(lambda: self._client.finish_upload(key, upload, etags))
        except BaseException:
            if upload:
                await asyncio.shield(self._drop(key, upload))
            raise
        return buffer.size

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes | None:
        """The object's bytes from `start` on, at most `length` of them; None if there is no such object."""
        if length == 0:
            return b"" if await self.exists(key) else None
        found = await self._find(lambda: self._client.get(key, start, length))
        return None if found is None else found[0]

    async def stream(
        self, key: str, *, start: int = 0, length: int | None = None, chunk_bytes: int = CHUNK_BYTES
    ) -> AsyncIterator[bytes]:
        """The same piece by piece; a slow reader holds no connection. Errors: ObjectsRefused if there is no object."""
        left = length
        while left is None or left > 0:
            wanted = chunk_bytes if left is None else min(chunk_bytes, left)
            found = await self._find(partial(self._client.get, key, start, wanted))
            if found is None:
                raise ObjectsRefused(f"no object {key}")
            data, size = found
            if data:
                yield data
            start += len(data)
            if start >= size or not data:
                return
            left = None if left is None else left - len(data)

    async def copy(self, source: str, key: str) -> bool:
        """Write an object that is the same as another, without moving its bytes here; False if there is no such one."""

        def write() -> bool:
            self._client.copy(source, key)
            return True

        return bool(await self._find(write))

    async def size(self, key: str) -> int | None:
        """Bytes of the object; None if there is none."""
        return await self._find(lambda: self._client.size(key))

    async def exists(self, key: str) -> bool:
        return await self.size(key) is not None

    async def list(self, prefix: str, *, start_after: str | None = None, limit: int = LIST_LIMIT) -> list[ObjectInfo]:
        """Objects whose keys begin with `prefix`, in the order of their keys' bytes, at most `limit`."""
        return await self._run(lambda: self._client.list(prefix, start_after, limit))

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; one that is not there is no error."""
        await self._run(lambda: self._client.delete(keys))

    async def delete_prefix(self, prefix: str) -> int:
        """Remove all that begins with `prefix`, which must say something; how many there were."""
        if not prefix.strip("/"):
            raise ValueError("that would delete everything")
        count = 0
        while found := await self.list(prefix, limit=1000):
            await self.delete([item.key for item in found])
            count += len(found)
        return count

    async def close(self) -> None:
        """Let go; requests under way end by their own time limits."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def _begin(self, key: str, content_type: str) -> str:
        return await self._run(lambda: self._client.begin_upload(key, content_type))

    async def _put_part(self, key: str, upload: str, number: int, part: Sequence[Body]) -> str:
        return await self._run(lambda: self._client.put_part(key, upload, number, part))

    async def _drop(self, key: str, upload: str) -> None:
        with suppress(ObjectsUnavailable, ObjectsRefused, ObjectMissing):
            await self._run(lambda: self._client.drop_upload(key, upload))

    async def _find(self, call: Callable[[], T]) -> T | None:
        try:
            return await self._run(call)
        except ObjectMissing:
            return None

    async def _run(self, call: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except TimeoutError as error:
            raise ObjectsUnavailable(f"no answer within {self._timeout_s:g} s") from error
