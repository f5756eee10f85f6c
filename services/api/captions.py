"""Captions of recordings: text tracks, one a language, kept in the store beside the segments and gone with them."""

from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import CaptionRecord, MediaRecord
from headwater.v1.media_pb2 import Media
from services.api import webvtt
from services.api.recordings import Recordings
from services.api.repository import Stored
from services.api.uploads import Owner, Upload, Uploads
from services.common import keys
from services.common.errors import AppError, Kind
from services.common.ids import new_id

CONTENT_TYPE = "text/vtt; charset=utf-8"
MOST = 100
"""Languages of one media."""


@dataclass(frozen=True)
class Captions:
    """Each upload is an object of its own."""

    recordings: Recordings
    uploads: Uploads

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
        made = CaptionRecord(language=language, object_key=key, size_bytes=len(text))
        made.update_time_us = self.recordings.now_us()
        return (await self._swap(stored, language, made, Upload(key, text, CONTENT_TYPE))).record

    async def get(self, media: str, language: str) -> bytes:
        """AppError(NOT_FOUND) if there are none in that language."""
        kept = _of(await self.recordings.get_present(media), language)
        text = await self.uploads.get(kept.object_key)
        if text is None:
            raise AppError(Kind.NOT_FOUND, f"the media has no captions in {language}")
        return text

    async def delete(self, media: str, language: str) -> None:
        stored = await self.recordings.get_present(media)
        _of(stored, language)
        await self._swap(stored, language, None, None)

    async def _swap(
        self, stored: Stored[MediaRecord], language: str, made: CaptionRecord | None, upload: Upload | None
    ) -> Stored[MediaRecord]:
        record = MediaRecord()
        record.CopyFrom(stored.record)
        former = next((each.object_key for each in record.captions if each.language == language), "")
        left = [each for each in stored.record.captions if each.language != language]
        del record.captions[:]
        record.captions.extend(sorted([*left, *([made] if made else [])], key=lambda each: each.language))

        async def write() -> Stored[MediaRecord]:
            return await self.recordings.update(stored, record, frozenset({"captions"}))

        return await self.uploads.swap(Owner(media_id=stored.key), upload, former, write)


def _of(stored: Stored[MediaRecord], language: str) -> CaptionRecord:
    for each in stored.record.captions:
        if each.language == language:
            return each
    raise AppError(Kind.NOT_FOUND, f"the media has no captions in {language}")
