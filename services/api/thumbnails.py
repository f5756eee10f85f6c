"""Uploaded thumbnails of livestreams, kept in the store. One that was never uploaded is taken from the picture by
origin.
"""

import asyncio
from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import LivestreamRecord
from services.api import picture
from services.api.livestreams import Livestreams
from services.api.once import id_of
from services.api.repository import Stored
from services.api.uploads import Owner, Upload, Uploads
from services.common import keys
from services.common.errors import AppError, Kind
from services.common.ids import new_id

CONTENT_TYPE = "image/jpeg"
_FORGET_S = 5.0
"""There are a few at most."""


@dataclass(frozen=True)
class Thumbnails:
    """Each upload is an object of its own."""

    livestreams: Livestreams
    uploads: Uploads

    async def put(self, livestream: str, data: bytes) -> None:
        """Set it. AppError(INVALID) for what is no picture."""
        stored, order = await self.livestreams.get(livestream), id_of(f"thumbnail/{livestream}")
        if self.livestreams.is_again(stored, order):
            return
        image = await asyncio.to_thread(picture.jpeg_of, data)
        key = keys.thumbnail(livestream, new_id())
        await self._swap(stored, Upload(key, image, CONTENT_TYPE), order)

    async def get(self, livestream: str) -> bytes:
        """AppError(NOT_FOUND) if none was uploaded."""
        key = (await self.livestreams.get(livestream)).record.thumbnail_object_key
        image = await self.uploads.get(key) if key else None
        if image is None:
            raise AppError(Kind.NOT_FOUND, "no thumbnail was uploaded; thumbnailUrl is taken from the picture")
        return image

    async def delete(self, livestream: str) -> None:
        """From now on it is taken from the picture again. Twice is as once."""
        stored = await self.livestreams.get(livestream)
        if stored.record.thumbnail_object_key:
            await self._swap(stored, None, "")

    async def forget(self, record: LivestreamRecord) -> None:
        """Remove all that were ever uploaded for a livestream that goes, those of a crash too. Repeatable.

        Errors: AppError(UNAVAILABLE) if one is known to be there and the store is away.
        """
        try:
            async with asyncio.timeout(_FORGET_S):
                await self.uploads.remove_all(keys.thumbnails(record.id))
        except (AppError, TimeoutError) as error:
            if record.thumbnail_object_key:
                raise AppError(Kind.UNAVAILABLE, "its thumbnail is still in the store") from error

    async def _swap(self, stored: Stored[LivestreamRecord], upload: Upload | None, order: str) -> None:
        record = LivestreamRecord()
        record.CopyFrom(stored.record)
        record.thumbnail_object_key = upload.key if upload else ""
        change = self.livestreams.telling.change("updated", ["thumbnail"], fact_id=order)

        async def write() -> None:
            await self.livestreams.write(stored, record, change)

        await self.uploads.swap(Owner(livestream_id=stored.key), upload, stored.record.thumbnail_object_key, write)
