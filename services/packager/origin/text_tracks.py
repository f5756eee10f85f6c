"""Text tracks out of the store, made ready once for all who ask and kept a while."""

import asyncio
from collections import OrderedDict

from headwater.internal.v1.protection_pb2 import CaptionTrack
from services.packager.http import Response
from services.packager.origin import captions
from services.packager.origin.recording import RecordedMedia
from services.packager.origin.shared import Shared
from services.packager.origin.shelf import Shelf

KEPT_BYTES = 16_000_000
"""Of texts as they are, without what they are compressed to."""


class TextTracks:
    """An object's key is new with each upload, so what is kept is never stale."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._making: Shared[Response | None] = Shared("text track")
        self._kept: OrderedDict[str, tuple[Response, int]] = OrderedDict()
        self._size = 0

    async def answer(self, track: CaptionTrack, media: RecordedMedia) -> Response | None:
        """The text; None if the store has none. Errors: ObjectsUnavailable, ObjectsRefused."""
        key = track.object_key
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][0]
        return await self._making.get(key, lambda: self._make(key, media))

    async def _make(self, key: str, media: RecordedMedia) -> Response | None:
        data = await self._shelf.object(key)
        if data is None:
            return None
        made = await asyncio.to_thread(captions.text, data, media, key)
        self._kept[key] = made, len(data)
        self._size += len(data)
        while self._size > KEPT_BYTES:
            self._size -= self._kept.popitem(last=False)[1][1]
        return made
