"""The object store as an archiver uses it: what must be kept is kept, however long the store is away."""

import asyncio
import random
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from services.archiver.availability import Availability
from services.common import metrics
from services.common.objects import Body, ObjectsRefused, ObjectStore, ObjectsUnavailable, Put

T = TypeVar("T")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0


class Store:
    """Reads and writes that are tried until they succeed; the deadline, where there is one, is the caller's.

    A store that refuses (wrong keys, no bucket) is waited for like one that is away: somebody will put it right, and
    until then nothing may be given up.
    """

    def __init__(self, objects: ObjectStore, availability: Availability) -> None:
        self._objects = objects
        self._availability = availability
        self._sent = metrics.counter("headwater_objects_bytes_total", kind="put")
        self._received = metrics.counter("headwater_objects_bytes_total", kind="get")

    async def ensure_bucket(self) -> None:
        """Create the bucket unless it is there."""
        await self._insist("bucket", self._objects.ensure_bucket)

    async def put(self, key: str, pieces: Sequence[Body], content_type: str = "application/octet-stream") -> None:
        """Write an object."""
        await self.put_all([Put(key, pieces, content_type)])

    async def put_all(self, puts: Sequence[Put]) -> None:
        """Write objects one after the other; if one fails, all of them again."""
        await self._insist("put", lambda: self._objects.put_all(puts))
        self._sent.inc(sum(len(piece) for put in puts for piece in put.pieces))

    async def get(self, key: str) -> bytes | None:
        """An object's bytes; None if there is none."""
        found = await self._insist("get", lambda: self._objects.get(key))
        self._received.inc(len(found or b""))
        return found

    async def copy(self, source: str, key: str) -> bool:
        """Write an object that is the same as another; False if there is no such one."""
        return await self._insist("copy", lambda: self._objects.copy(source, key))

    async def size(self, key: str) -> int | None:
        """An object's size in bytes; None if there is none."""
        return await self._insist("head", lambda: self._objects.size(key))

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects, whether they are there or not."""
        await self._insist("delete", lambda: self._objects.delete(keys))

    async def delete_prefix(self, prefix: str) -> int:
        """Remove all whose keys begin so; how many there were at the last try."""
        return await self._insist("delete", lambda: self._objects.delete_prefix(prefix))

    async def put_stream(self, key: str, chunks: AsyncIterable[bytes], content_type: str, *, part_bytes: int) -> int:
        """Write an object chunk by chunk; its size. Tried once, as the chunks cannot be had again.

        Errors: ObjectsUnavailable, ObjectsRefused.
        """
        size = await self._objects.put_stream(key, chunks, content_type, part_bytes=part_bytes)
        self._sent.inc(size)
        return size

    async def _insist(self, kind: str, ask: Callable[[], Awaitable[T]]) -> T:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                answer = await ask()
            except (ObjectsUnavailable, ObjectsRefused) as error:
                metrics.counter("headwater_objects_requests_total", kind=kind, result="failed").inc()
                self._availability.failed(str(error))
                await asyncio.sleep(pause_s * random.uniform(0.7, 1.3))
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                if isinstance(error, ObjectsRefused):
                    await self._restore_bucket()
            else:
                metrics.counter("headwater_objects_requests_total", kind=kind, result="ok").inc()
                self._availability.answered()
                return answer

    async def _restore_bucket(self) -> None:
        with suppress(ObjectsUnavailable, ObjectsRefused):
            await self._objects.ensure_bucket()
