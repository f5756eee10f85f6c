"""What has left the log, as responses: recordings, their media, and the files made of them."""

import re
from collections.abc import AsyncGenerator

from headwater.internal.v1.onair_pb2 import Playback
from services.common import keys
from services.common.objects import ObjectStore
from services.packager.http import Response, Stream
from services.packager.origin import answers
from services.packager.origin.recording import RecordedMedia
from services.packager.origin.routes import Route
from services.packager.origin.shelf import Shelf
from services.packager.origin.track import init_path, segment_path

_NAME = re.compile(r"[A-Za-z0-9_-]{1,120}")
_CONTENT_TYPES = {"mp4": "video/mp4", "m4a": "audio/mp4"}


class StoreAnswers:
    """Errors of every call: ObjectsUnavailable, ObjectsRefused."""

    def __init__(self, shelf: Shelf, objects: ObjectStore) -> None:
        self._shelf = shelf
        self._objects = objects

    async def recording(self, record: Playback) -> RecordedMedia | None:
        """The recording; None while it is not complete. Errors: MissingIndexError too."""
        return await self._shelf.recording(record.store_prefix, is_expected=record.state == Playback.RECORDED)

    async def media(self, record: Playback, route: Route) -> Response:
        """A segment or an init segment."""
        if route.kind == "segment":
            key, path = keys.segment(record.store_prefix, route.name, route.msn), segment_path(route.name, route.msn)
        elif route.kind == "init":
            key, path = keys.init(record.store_prefix, route.name, route.init_id), init_path(route.name, route.init_id)
        else:
            return answers.not_there()
        data = await self._shelf.object(key)
        return answers.not_there() if data is None else answers.media(data, etag=answers.tag(record.broadcast_id, path))

    async def download(self, record: Playback, file_format: str, name: str = "") -> Response:
        """A file that was made of the recording, piece by piece, to be kept under this name; 400 for a bad one."""
        if name and not _NAME.fullmatch(name):
            return answers.bad("filename is not 1 to 120 of A-Z a-z 0-9 - _")
        key = keys.download(record.store_prefix, file_format)
        size = await self._objects.size(key)
        if size is None:
            return answers.not_there()

        async def read(start: int, stop: int) -> AsyncGenerator[bytes, None]:
            async for chunk in self._objects.stream(key, start=start, length=stop - start):
                yield chunk

        headers = {
            "content-type": _CONTENT_TYPES[file_format],
            "content-disposition": f'attachment; filename="{name or record.broadcast_id}.{file_format}"',
            # Made again with the same name after a deletion, it may differ.
            "cache-control": "public, max-age=3600",
        }
        return Response(200, headers, Stream(size, read), etag=answers.tag(record.broadcast_id, file_format))
