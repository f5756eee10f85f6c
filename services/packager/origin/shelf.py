"""What is fetched from the store, kept for a while: recordings' indexes, and segments up to a number of bytes."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from services.common.objects import ObjectStore
from services.common.tasks import spawn
from services.packager.origin.recording import RecordedMedia, load

T = TypeVar("T")

MAX_RECORDINGS = 64
_SMALL = 16 * 1024 * 1024


class Shelf:
    """A small cache before the store; who asks for what is being fetched shares the fetch."""

    def __init__(self, objects: ObjectStore, *, cache_bytes: int) -> None:
        self._objects = objects
        self._limit = cache_bytes
        self._size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._recordings: OrderedDict[str, RecordedMedia] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[object]] = {}

    async def recording(self, prefix: str) -> RecordedMedia | None:
        """A complete recording's index. Errors: ObjectsUnavailable, MissingIndexError."""
        found = self._recordings.get(prefix)
        if found is None:
            found = await self._share(f"recording {prefix}", lambda: load(prefix, self._objects.get))
            if found is None:
                return None
            self._recordings[prefix] = found
            while len(self._recordings) > MAX_RECORDINGS:
                self._recordings.popitem(last=False)
        self._recordings.move_to_end(prefix)
        return found

    def forget(self, prefix: str) -> None:
        """Let go of a recording that has been deleted."""
        self._recordings.pop(prefix, None)
        for key in [key for key in self._kept if key.startswith(f"{prefix}/")]:
            self._size -= len(self._kept.pop(key))

    async def object(self, key: str) -> bytes | None:
        """An object of the store; None if there is none. Errors: ObjectsUnavailable."""
        found = self._kept.get(key)
        if found is None:
            found = await self._share(key, lambda: self._objects.get(key))
            if found is not None:
                self._keep(key, found)
        else:
            self._kept.move_to_end(key)
        return found

    def _keep(self, key: str, data: bytes) -> None:
        if key in self._kept or len(data) > min(self._limit, _SMALL):
            return
        self._kept[key] = data
        self._size += len(data)
        while self._size > self._limit:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone)

    async def _share(self, key: str, fetch: Callable[[], Awaitable[T]]) -> T:
        task = self._under_way.get(key)
        if task is None:
            task = spawn(_await(fetch), name=f"fetch {key}")
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        # A viewer who goes away must not end the fetch of those who stay.
        return cast("T", await asyncio.shield(task))


async def _await(fetch: Callable[[], Awaitable[T]]) -> object:
    return await fetch()
