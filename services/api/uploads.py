"""Objects that api puts into the store: none is left there that no record names.

Before an object is written, or given up, that is noted; when the record is as it should be, the note goes. Whoever dies
between leaves the note, and the keeper removes the object if nothing names it.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

from headwater.internal.v1.records_pb2 import UploadRecord
from services.api.records import Records
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import digest
from services.common.log import get_logger
from services.common.objects_errors import ObjectsRefused, ObjectsUnavailable

LOST_AFTER_S = 120.0
"""Another replica may be about to write the record; calls end long before this."""

_log = get_logger(__name__)

T = TypeVar("T")


class Store(Protocol):
    """What is needed of the object store. Errors: ObjectsUnavailable, ObjectsRefused."""

    async def put(self, key: str, data: bytes, content_type: str = ...) -> None: ...

    async def get(self, key: str) -> bytes | None: ...

    async def delete(self, keys: Sequence[str]) -> None: ...

    async def delete_prefix(self, prefix: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose record may name an object; one of the two."""

    livestream_id: str = ""
    media_id: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An object to be; its key is new, so that nobody else writes or removes it."""

    key: str
    data: bytes
    content_type: str


class Uploads:
    """Errors of every call: AppError(UNAVAILABLE)."""

    def __init__(self, records: Records, store: Store, clock: Clock, *, lost_after_s: float = LOST_AFTER_S) -> None:
        self._records = records
        self._store = store
        self._clock = clock
        self._lost_after_s = lost_after_s

    async def get(self, object_key: str) -> bytes | None:
        return await _reached(lambda: self._store.get(object_key))

    async def remove_all(self, prefix: str) -> None:
        """Remove what begins with this; its owner goes."""
        await _reached(lambda: self._store.delete_prefix(prefix))

    async def swap(self, owner: Owner, new: Upload | None, old_key: str, write: Callable[[], Awaitable[T]]) -> T:
        """Put an object (None: none) in the place of another (empty: of none); `write` makes the record say so.

        Where it is refused the new one goes again. After UNAVAILABLE it may be named: the keeper looks.
        """
        for object_key in filter(None, (new.key if new else "", old_key)):
            await self._note(owner, object_key)
        if new is not None:
            await _reached(lambda: self._store.put(new.key, new.data, new.content_type))
        try:
            written = await write()
        except AppError as error:
            if new is not None and error.kind is not Kind.UNAVAILABLE:
                await self._remove(new.key)
            raise
        if new is not None:
            await self._forget(new.key)
        if old_key:
            await self._remove(old_key)
        return written

    async def _note(self, owner: Owner, object_key: str) -> None:
        record = UploadRecord(object_key=object_key, livestream_id=owner.livestream_id, media_id=owner.media_id)
        record.create_time_us = round(self._clock.now() * 1e6)
        await self._records.uploads.change(digest(object_key), lambda _known: record)

    async def _remove(self, object_key: str) -> None:
        """What fails now the keeper does."""
        with suppress(AppError):
            await _reached(lambda: self._store.delete([object_key]))
            await self._forget(object_key)

    async def sweep(self) -> None:
        """Settle what was left. Repeatable."""
        before_us = round((self._clock.now() - self._lost_after_s) * 1e6)
        for stored in self._records.uploads.items():
            record = stored.record
            if record.create_time_us > before_us:
                continue
            if not await self._is_named(record):
                _log.info("an object that nothing names is removed", key=record.object_key)
                await _reached(lambda key=record.object_key: self._store.delete([key]))  # type: ignore[misc]  # bound now
            await self._forget(record.object_key)

    async def _is_named(self, record: UploadRecord) -> bool:
        if record.livestream_id:
            livestream = await self._records.livestreams.look_up(record.livestream_id)
            return livestream is not None and livestream.record.thumbnail_object_key == record.object_key
        media = await self._records.media.look_up(record.media_id)
        if media is None:
            return False
        named = {media.record.thumbnail_object_key, *(each.object_key for each in media.record.captions)}
        return record.object_key in named

    async def _forget(self, object_key: str) -> None:
        await self._records.uploads.delete(digest(object_key))


async def _reached(work: Callable[[], Awaitable[T]]) -> T:
    try:
        return await work()
    except (ObjectsUnavailable, ObjectsRefused) as error:
        raise AppError(Kind.UNAVAILABLE, "the store cannot be reached now; try again", retry_after_s=1.0) from error
