"""Uploaded thumbnails of recordings, kept in the store beside the segments and gone with them."""

import asyncio
from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import MediaRecord
from services.api import picture
from services.api.once import id_of
from services.api.recordings import Recordings
from services.api.repository import Stored
from services.api.thumbnails import CONTENT_TYPE
from services.api.uploads import Owner, Upload, Uploads
from services.common import keys
from services.common.errors import AppError, Kind
from services.common.ids import new_id


@dataclass(frozen=True)
class MediaThumbnails:
    """Each upload is an object of its own."""

    recordings: Recordings
    uploads: Uploads

    async def put(self, media: str, data: bytes) -> None:
        """Set it. AppError: INVALID for what is no picture, FAILED_PRECONDITION before anything is in the store."""
        stored, order = await self.recordings.get_present(media), id_of(f"thumbnail/{media}")
        if self.recordings.is_again(stored, order):
            return
        image = await asyncio.to_thread(picture.jpeg_of, data)
        key = keys.media_thumbnail(await self.recordings.prefix(media), new_id())
        await self._swap(stored, Upload(key, image, CONTENT_TYPE), order)

    async def get(self, media: str) -> bytes:
        """AppError(NOT_FOUND) if none was uploaded."""
        key = (await self.recordings.get_present(media)).record.thumbnail_object_key
        image = await self.uploads.get(key) if key else None
        if image is None:
            raise AppError(Kind.NOT_FOUND, "no thumbnail was uploaded; thumbnailUrl is taken from the picture")
        return image

    async def delete(self, media: str) -> None:
        """From now on it is taken from the picture again. Twice is as once."""
        stored = await self.recordings.get_present(media)
        if stored.record.thumbnail_object_key:
            await self._swap(stored, None, "")

    async def _swap(self, stored: Stored[MediaRecord], upload: Upload | None, order: str) -> None:
        record = MediaRecord()
        record.CopyFrom(stored.record)
        record.thumbnail_object_key = upload.key if upload else ""

        async def write() -> None:
            await self.recordings.update(stored, record, frozenset({"thumbnail"}), order)

        await self.uploads.swap(Owner(media_id=stored.key), upload, stored.record.thumbnail_object_key, write)
