"""Thumbnails: what was uploaded, else the nearest key frame at or before a time, made on request and kept a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from headwater.internal.v1.onair_pb2 import Playback
from services.common import keys
from services.packager.http import Response, refusal
from services.packager.origin import answers
from services.packager.origin.live import LiveProgram
from services.packager.origin.recording import RecordedMedia
from services.packager.origin.scene import Scene, live_scene, recorded_scene
from services.packager.origin.shared import Shared
from services.packager.origin.shelf import Shelf
from services.packager.origin.wanted_picture import PictureError, WantedPicture

AT_ONCE = 2
MAX_WAITING = 64
"""Who comes when so many pictures are being waited for is told to come again."""
KEPT_BYTES = 32_000_000
MAX_MEDIA_BYTES = 64_000_000

LIVE_AGE_S, USUAL_AGE_S, TIMED_AGE_S = 2, 60, 3600
"""Of a recording at a given time it is always the same; without a time somebody may upload another one."""

_JPEG = b"\xff\xd8"


class Thumbnails:
    """Makes two pictures at a time, each once for all who want it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._making: Shared[bytes | None] = Shared("picture")
        self._kept: OrderedDict[str, bytes | None] = OrderedDict()
        """None: no picture can be made of it."""
        self._size = 0

    async def uploaded(self, key: str, wanted: WantedPicture) -> Response | None:
        """An uploaded image in the size that is wanted; None if it is gone. Errors: those of the store."""
        image = await self._shelf.object(key)
        if image is None:
            return None
        if image.startswith(_JPEG) and not wanted.has_size:
            return _answer(image, key[-40:], USUAL_AGE_S)
        return await self._answer(f"{key}-{_size_of(wanted)}", partial(_of_image, image, wanted), USUAL_AGE_S)

    async def recorded(
        self, record: Playback, media: RecordedMedia, wanted: WantedPicture, position: float
    ) -> Response:
        """Of a recording; without a time from `position`, a share of its length. Errors: those of the store."""
        time_us = media.length_us * position if wanted.time_s is None else wanted.time_s * 1e6
        scene = await asyncio.to_thread(recorded_scene, media, time_us)
        if scene is None:
            return answers.not_there()
        init = await self._shelf.object(keys.init(record.store_prefix, scene.name, scene.init_id))
        data = await self._shelf.object(keys.segment(record.store_prefix, scene.name, scene.msn))
        if init is None or data is None:
            return answers.not_there()
        age_s = USUAL_AGE_S if wanted.time_s is None else TIMED_AGE_S
        return await self._frame(record, scene, [init, data], wanted, age_s)

    async def live(self, record: Playback, program: LiveProgram, wanted: WantedPicture) -> Response:
        """Of what is on air: the newest key frame, or at a time that the live window still has."""
        begin_us = record.publish_time_us or record.start_time_us
        found = live_scene(program, None if wanted.time_s is None else begin_us + wanted.time_s * 1e6)
        if found is None:
            return answers.not_there()
        scene, media = found
        return await self._frame(record, scene, media, wanted, LIVE_AGE_S)

    async def _frame(
        self, record: Playback, scene: Scene, media: list[bytes], wanted: WantedPicture, age_s: int
    ) -> Response:
        if sum(map(len, media)) > MAX_MEDIA_BYTES:
            return _failed()
        key = f"{record.broadcast_id}-{scene.msn}-{scene.offset_s:.3f}-{_size_of(wanted)}"
        return await self._answer(key, partial(_of_media, media, scene, wanted), age_s)

    async def _answer(self, key: str, make: Callable[[], bytes], age_s: int) -> Response:
        if key not in self._kept and len(self._making) >= MAX_WAITING:
            return refusal(503)
        made = self._kept[key] if key in self._kept else await self._making.get(key, lambda: self._make(key, make))
        return _failed() if made is None else _answer(made, key, age_s)

    async def _make(self, key: str, make: Callable[[], bytes]) -> bytes | None:
        async with self._slots:
            try:
                made = await asyncio.to_thread(make)
            except PictureError:
                made = None
        self._keep(key, made)
        return made

    def _keep(self, key: str, made: bytes | None) -> None:
        self._kept[key] = made
        self._size += _weight(key, made)
        while self._size > KEPT_BYTES:
            self._size -= _weight(*self._kept.popitem(last=False))


def _of_image(image: bytes, wanted: WantedPicture) -> bytes:
    from services.packager.origin import picture  # noqa: PLC0415  33 MB, only where pictures are wanted

    return picture.image_as_jpeg(image, wanted)


def _of_media(media: list[bytes], scene: Scene, wanted: WantedPicture) -> bytes:
    from services.packager.origin import picture  # noqa: PLC0415  as above

    return picture.key_frame_as_jpeg(b"".join(media), scene.offset_s, wanted)


def _weight(key: str, made: bytes | None) -> int:
    return len(key) + 200 + len(made or b"")


def _size_of(wanted: WantedPicture) -> str:
    return f"{wanted.width or ''}x{wanted.height or ''}-{wanted.fit}"


def _answer(image: bytes, key: str, age_s: int) -> Response:
    headers = {"content-type": "image/jpeg", "cache-control": f"public, max-age={age_s}"}
    return Response(200, headers, image, etag=f'"{key}"')


def _failed() -> Response:
    """424: there is media, and no picture can be made of it."""
    headers = {"content-type": "text/plain; charset=utf-8", "cache-control": "public, max-age=10"}
    return Response(424, headers, b"no picture can be made of it\n")
