"""Captions of recordings: text tracks, one a language, kept in the store beside the segments and gone with them."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

from headwater.internal.v1.records_pb2 import CaptionRecord, MediaRecord
from headwater.v1.media_pb2 import Media
from services.api import webvtt
from services.api.recordings import Recordings
from services.api.repository import Stored
from services.common import keys
from services.common.errors import AppError, Kind
from services.common.ids import new_id
from services.common.objects_errors import ObjectsRefused, ObjectsUnavailable

CONTENT_TYPE = "text/vtt; charset=utf-8"
MOST = 100
"""Languages of one media."""


T = TypeVar("T")


class Store(Protocol):
    """What is needed of the object store. Errors: ObjectsUnavailable, ObjectsRefused."""

    async def put(self, key: str, data: bytes, content_type: str = ...) -> None: ...

    async def get(self, key: str) -> bytes | None: ...

    async def delete(self, keys: Sequence[str]) -> None: ...

    async def delete_prefix(self, prefix: str) -> int: ...


@dataclass(frozen=True)
class Captions:
    """The bytes are written before the record that names them, and removed after it."""

    recordings: Recordings
    store: Store

    async def put(self, media: str, language: str, text: bytes) -> MediaRecord:
        """Set a language's text. AppError: INVALID, FAILED_PRECONDITION before the recording is complete."""
        webvtt.check(text)
        stored = await self.recordings.get_present(media)
        if stored.record.state != Media.READY:
            raise AppError(Kind.FAILED_PRECONDITION, "captions can be set once the recording is complete")
        others = [each for each in stored.record.captions if each.language != language]
        if len(others) >= MOST:
            raise AppError(Kind.FAILED_PRECONDITION, f"a media has captions in {MOST} languages at most")
        key = keys.captions(await self.recordings.prefix(media), language, new_id())
        await reached(lambda: self.store.put(key, text, CONTENT_TYPE))
        made = CaptionRecord(language=language, object_key=key, size_bytes=len(text))
        made.update_time_us = self.recordings.now_us()
        written = await named(self.store, key, self._write(stored, language, made))
        replaced = [each.object_key for each in stored.record.captions if each.language == language]
        if replaced:
            await reached(lambda: self.store.delete(replaced))
        return written.record

    async def get(self, media: str, language: str) -> bytes:
        """AppError(NOT_FOUND) if there are none in that language."""
        kept = _of(await self.recordings.get_present(media), language)
        text = await reached(lambda: self.store.get(kept.object_key))
        if text is None:
            raise AppError(Kind.NOT_FOUND, f"the media has no captions in {language}")
        return text

    async def delete(self, media: str, language: str) -> None:
        stored = await self.recordings.get_present(media)
        kept = _of(stored, language)
        await self._write(stored, language, None)
        await reached(lambda: self.store.delete([kept.object_key]))

    async def _write(
        self, stored: Stored[MediaRecord], language: str, made: CaptionRecord | None
    ) -> Stored[MediaRecord]:
        record = MediaRecord()
        record.CopyFrom(stored.record)
        left = [each for each in stored.record.captions if each.language != language]
        del record.captions[:]
        record.captions.extend(sorted([*left, *([made] if made else [])], key=lambda each: each.language))
        return await self.recordings.update(stored, record, frozenset({"captions"}))


def _of(stored: Stored[MediaRecord], language: str) -> CaptionRecord:
    for each in stored.record.captions:
        if each.language == language:
            return each
    raise AppError(Kind.NOT_FOUND, f"the media has no captions in {language}")


async def named(store: Store, key: str, write: Awaitable[T]) -> T:
    """Write the record that names an object. Where it was refused the object goes again: nobody would ever find it.

    After UNAVAILABLE it may be named, and stays; then it goes with its owner.
    """
    try:
        return await write
    except AppError as error:
        if error.kind is not Kind.UNAVAILABLE:
            with suppress(ObjectsUnavailable, ObjectsRefused):
                await store.delete([key])
        raise


async def reached(work: Callable[[], Awaitable[T]]) -> T:
    try:
        return await work()
    except (ObjectsUnavailable, ObjectsRefused) as error:
        raise AppError(Kind.UNAVAILABLE, "the store cannot be reached now; try again", retry_after_s=1.0) from error
