"""Uploaded thumbnails of recordings, kept in the store beside the segments and gone with them."""

import asyncio
from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import MediaRecord
from services.api import picture
from services.api.captions import Store, named, reached
from services.api.recordings import Recordings
from services.api.repository import Stored
from services.api.thumbnails import CONTENT_TYPE
from services.common import keys
from services.common.errors import AppError, Kind
from services.common.ids import new_id


@dataclass(frozen=True)
class MediaThumbnails:
    """The bytes are written before the record that names them, and removed after it."""

    recordings: Recordings
    store: Store

    async def put(self, media: str, data: bytes) -> None:
        """Set it. AppError: INVALID for what is no picture, FAILED_PRECONDITION before anything is in the store."""
        stored = await self.recordings.get_present(media)
        image = await asyncio.to_thread(picture.jpeg_of, data)
        key = keys.media_thumbnail(await self.recordings.prefix(media), new_id())
        await reached(lambda: self.store.put(key, image, CONTENT_TYPE))
        await named(self.store, key, self._write(stored, key))

    async def get(self, media: str) -> bytes:
        """AppError(NOT_FOUND) if none was uploaded."""
        key = (await self.recordings.get_present(media)).record.thumbnail_object_key
        image = await reached(lambda: self.store.get(key)) if key else None
        if image is None:
            raise AppError(Kind.NOT_FOUND, "no thumbnail was uploaded; thumbnailUrl is taken from the picture")
        return image

    async def delete(self, media: str) -> None:
        """From now on it is taken from the picture again. Twice is as once."""
        stored = await self.recordings.get_present(media)
        if stored.record.thumbnail_object_key:
            await self._write(stored, "")

    async def _write(self, stored: Stored[MediaRecord], key: str) -> None:
        record = MediaRecord()
        record.CopyFrom(stored.record)
        record.thumbnail_object_key = key
        await self.recordings.update(stored, record, frozenset({"thumbnail"}))
        if stored.record.thumbnail_object_key:
            await reached(lambda: self.store.delete([stored.record.thumbnail_object_key]))
