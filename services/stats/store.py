"""The object store as stats uses it: each call is tried once, counted, and away is an error like any other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from services.common import metrics
from services.common.errors import AppError, Kind
from services.common.log import get_logger
from services.common.objects import ObjectInfo, ObjectsRefused, ObjectStore, ObjectsUnavailable

T = TypeVar("T")

CALL_S = 10.0
_AT_ONCE = 1000

_log = get_logger(__name__)


class Store:
    """Every call may raise AppError(UNAVAILABLE)."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._is_up = True
        self._gauge = metrics.gauge("headwater_objects_available")
        self._gauge.set(1)

    async def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        await self._reach("put", lambda: self._objects.put(key, data))
        metrics.counter("headwater_objects_bytes_total", kind="put").inc(len(data))

    async def get(self, key: str, most_bytes: int) -> bytes:
        """An object's bytes, or the first of them; none if there is no such object."""
        found = await self._reach("get", lambda: self._objects.get(key, length=most_bytes)) or b""
        metrics.counter("headwater_objects_bytes_total", kind="get").inc(len(found))
        return found

    async def list(self, prefix: str, start_after: str | None, limit: int) -> list[ObjectInfo]:
        """Objects by their keys."""
        return await self._reach("list", lambda: self._objects.list(prefix, start_after=start_after, limit=limit))

    async def delete_all(self, prefix: str) -> int:
        """Delete all that begins with `prefix`; how many there were."""
        count = 0
        while found := await self.list(prefix, None, _AT_ONCE):
            names = [each.key for each in found]
            await self._reach("delete", lambda names=names: self._objects.delete(names))  # type: ignore[misc]
            count += len(found)
        return count

    async def _reach(self, kind: str, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(CALL_S):
                answer = await ask()
        except (ObjectsUnavailable, ObjectsRefused, TimeoutError) as error:
            metrics.counter("headwater_objects_requests_total", kind=kind, result="failed").inc()
            self._note(error)
            raise AppError(Kind.UNAVAILABLE, "the object store is away", retry_after_s=5.0) from error
        metrics.counter("headwater_objects_requests_total", kind=kind, result="ok").inc()
        self._note(None)
        return answer

    def _note(self, error: Exception | None) -> None:
        is_up = error is None
        if is_up == self._is_up:
            return
        self._is_up = is_up
        self._gauge.set(int(is_up))
        if is_up:
            _log.warning("the object store is back")
        else:
            _log.warning("the object store is away; samples wait in Redis", reason=str(error) or type(error).__name__)
