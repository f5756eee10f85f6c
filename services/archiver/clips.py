"""Pieces of recordings, copied inside the store into recordings of their own; nothing is encoded again.

Objects first, the playback record last: until then nothing names what was copied.
"""

import asyncio
from contextlib import suppress

from headwater.internal.v1.cmaf_pb2 import Recording
from headwater.internal.v1.onair_pb2 import Playback
from services.archiver.excerpt import Excerpt
from services.archiver.surroundings import Surroundings
from services.common.errors import AppError, Kind
from services.common.ids import new_id
from services.common.log import get_logger

_COPIES_AT_ONCE = 6
_TIDY_S = 5.0

_log = get_logger(__name__)


class Clips:
    """Makes clips. Errors of `make`: AppError, Unavailable (the bus)."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._recordings = around.recordings

    async def make(self, media: str, clip: str, start_us: int, end_us: int) -> Playback:
        """The playback record of a clip that plays.

        Errors: NOT_FOUND; FAILED_PRECONDITION before the recording is complete, and where nothing of the piece is in
        the store; INVALID.
        """
        source = await self._source(media)
        recording = await self._recordings.recording(source.store_prefix)
        if recording is None:
            raise AppError(Kind.FAILED_PRECONDITION, "the recording is not in the store")
        check_range(start_us, end_us, recording.duration_us)
        prefix = f"{clip}-{new_id()}"
        try:
            made = await self._copy(source.store_prefix, prefix, clip, Excerpt(recording, start_us, end_us))
        except BaseException:
            await self._tidy(prefix)
            raise
        record = _playback(source, made, prefix)
        await self._around.playback.add(record)
        _log.info("clip made", media=media, clip=clip, segments=made.segment_count, bytes=made.size_bytes)
        return record

    async def _source(self, media: str) -> Playback:
        source = await self._around.playback.get(media)
        if source is None or source.broadcast_id != media or source.state == Playback.GONE:
            raise AppError(Kind.NOT_FOUND, f"there is no media {media}", field="media_id")
        if source.state != Playback.RECORDED:
            raise AppError(Kind.FAILED_PRECONDITION, "the recording is not complete yet")
        return source

    async def _copy(self, source: str, prefix: str, clip: str, excerpt: Excerpt) -> Recording:
        for number in range(excerpt.of.index_count):
            index = await self._recordings.index(source, number)
            if index is None:
                raise _gone()
            excerpt.add(index)
            if excerpt.is_past_end:
                break
        indexes = list(excerpt.indexes(clip))
        if not any(rendition.length for segment in excerpt.segments for rendition in segment.renditions):
            raise AppError(Kind.FAILED_PRECONDITION, "nothing of that piece could be recorded")
        await self._copy_media(source, prefix, excerpt)
        for number, index in enumerate(indexes):
            await self._recordings.put_index(prefix, number, index)
        made = excerpt.recording(clip, indexes)
        await self._recordings.put_recording(prefix, made)
        return made

    async def _copy_media(self, source: str, prefix: str, excerpt: Excerpt) -> None:
        for rendition in excerpt.renditions:
            if not await self._recordings.copy_init(source, rendition, prefix):
                raise _gone()
        numbered = list(enumerate(excerpt.segments))
        for start in range(0, len(numbered), _COPIES_AT_ONCE):
            some = numbered[start : start + _COPIES_AT_ONCE]
            done = await asyncio.gather(
                *(self._recordings.copy_segment(source, segment, prefix, msn) for msn, segment in some)
            )
            if not all(done):
                raise _gone()

    async def _tidy(self, prefix: str) -> None:
        """Remove what was copied, as far as the store allows at once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_TIDY_S):
                await self._recordings.delete_all(prefix)


def check_range(start_us: int, end_us: int, duration_us: int) -> None:
    """AppError(INVALID) for a piece that a media of this length has not."""
    if start_us < 0:
        raise AppError(Kind.INVALID, "must not be before the beginning", field="start")
    if start_us >= end_us:
        raise AppError(Kind.INVALID, "must be before end", field="start")
    if end_us > duration_us:
        raise AppError(Kind.INVALID, f"is beyond the end: the media lasts {duration_us / 1e6:.3f} s", field="end")


def _gone() -> AppError:
    return AppError(Kind.FAILED_PRECONDITION, "a part of the recording is not in the store")


def _playback(source: Playback, made: Recording, prefix: str) -> Playback:
    return Playback(
        livestream_id=source.livestream_id,
        broadcast_id=made.broadcast_id,
        shard=source.shard,
        store_prefix=prefix,
        state=Playback.RECORDED,
        start_time_us=made.start_time_us,
        end_time_us=made.end.time_us,
        is_recorded=True,
        segment_count=made.segment_count,
        size_bytes=made.size_bytes,
        duration_us=made.duration_us,
        is_hidden=source.is_hidden,
        tenant_id=source.tenant_id,
        clipped_from=source.broadcast_id,
    )
