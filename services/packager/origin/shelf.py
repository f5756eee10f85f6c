"""What is fetched from the store, kept for a while: recordings' indexes, and segments up to a number of bytes."""

import asyncio
from collections import OrderedDict

from services.common import metrics
from services.common.objects import ObjectStore
from services.packager.origin.recording import RecordedMedia, load
from services.packager.origin.shared import Shared

MAX_RECORDINGS = 64
MAX_RECORDED_SEGMENTS = 200_000
"""Of all recordings whose indexes are kept: four and a half days, some 100 MB."""

ABSENT_S = 1.0
"""A recording that is not complete is not asked for again within this: everybody who comes late would ask."""

MAX_ABSENT = 1000

_SMALL = 16 * 1024 * 1024
_AT_ONCE = 32
"""Fetches under way: what they bring is in memory whether it is kept or not."""


class Shelf:
    """A small cache before the store; who asks for what is being fetched shares the fetch."""

    def __init__(self, objects: ObjectStore, *, cache_bytes: int) -> None:
        self._objects = objects
        self._limit = cache_bytes
        self._size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._recordings: OrderedDict[str, RecordedMedia] = OrderedDict()
        self._absent: dict[str, float] = {}
        """When the store said last that a recording is not complete, by the loop's clock."""
        self._loading: Shared[RecordedMedia | None] = Shared("recording")
        self._fetching: Shared[bytes | None] = Shared("object")
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._now = asyncio.get_running_loop().time
        self._reads = {
            word: metrics.counter("headwater_origin_store_reads_total", result=word)
            for word in ("kept", "found", "missing")
        }

    async def recording(self, prefix: str, *, is_expected: bool = True) -> RecordedMedia | None:
        """A complete recording's index. Errors: ObjectsUnavailable, ObjectsRefused, MissingIndexError.

        One that nobody has said to be complete (not `is_expected`) may be found up to ABSENT_S after it is.
        """
        found = self._recordings.get(prefix)
        if found is not None:
            self._recordings.move_to_end(prefix)
            return found
        if not is_expected and self._now() - self._absent.get(prefix, -ABSENT_S) < ABSENT_S:
            return None
        found = await self._loading.get(prefix, lambda: load(prefix, self._objects.get))
        if found is None:
            self._note_absent(prefix)
            return None
        self._absent.pop(prefix, None)
        self._recordings[prefix] = found
        self._forget_recordings()
        return found

    def _note_absent(self, prefix: str) -> None:
        if len(self._absent) >= MAX_ABSENT:
            self._absent.clear()
        self._absent[prefix] = self._now()

    def _forget_recordings(self) -> None:
        segments = sum(len(each.segments) for each in self._recordings.values())
        while len(self._recordings) > 1 and (
            len(self._recordings) > MAX_RECORDINGS or segments > MAX_RECORDED_SEGMENTS
        ):
            _, gone = self._recordings.popitem(last=False)
            segments -= len(gone.segments)

    def forget(self, prefix: str) -> None:
        """Let go of a recording that has been deleted."""
        self._recordings.pop(prefix, None)
        for key in [key for key in self._kept if key.startswith(f"{prefix}/")]:
            self._size -= len(self._kept.pop(key))

    async def object(self, key: str) -> bytes | None:
        """An object of the store; None if there is none. Errors: ObjectsUnavailable, ObjectsRefused."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            self._reads["kept"].inc()
            return found
        found = await self._fetching.get(key, lambda: self._fetch(key))
        if found is not None:
            self._keep(key, found)
        return found

    async def _fetch(self, key: str) -> bytes | None:
        async with self._slots:
            found = await self._objects.get(key)
        self._reads["missing" if found is None else "found"].inc()
        return found

    def _keep(self, key: str, data: bytes) -> None:
        if key in self._kept or len(data) > min(self._limit, _SMALL):
            return
        self._kept[key] = data
        self._size += len(data)
        while self._size > self._limit:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone)
