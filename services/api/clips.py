"""Clips: a piece of a media as a media of its own.

The record comes first, FINISHING, so that nothing is ordered that nobody knows of; then the archiver is told to copy.
An order that does not reach it is given again by the keeper (lost_clips.py). The archiver's records end it: that of
playback when it is made, or that of the job when it has failed (clip_endings.py).
"""

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import ClipMediaRequest, Media
from services.api.clip_endings import ClipEndings
from services.api.livestream_fields import check_origin
from services.api.once import made_before
from services.api.recordings import Recordings
from services.api.repository import Stored
from services.api.unmade_clips import is_unmade
from services.common.errors import AppError, Kind
from services.common.ids import new_id
from services.common.log import get_logger

_log = get_logger(__name__)


async def clip(recordings: Recordings, source: Stored[MediaRecord], wanted: ClipMediaRequest) -> Stored[MediaRecord]:
    """The new media, which is FINISHING until it is made.

    AppError(FAILED_PRECONDITION) before the source is complete; INVALID for a piece that it has not.
    """
    if source.record.state != Media.READY:
        raise AppError(Kind.FAILED_PRECONDITION, "clips can be made once the recording is complete")
    check(wanted, source.record.duration_us)
    drawn, known = await made_before("clip", recordings.records.media.get, recordings.now_us())
    if known is not None:  # made by this very order, whose answer was lost
        stored = await recordings.again(known)
    else:
        record = record_of(source.record, wanted, await _unused(recordings, drawn), now_us=recordings.now_us())
        record.last_change.CopyFrom(recordings.telling.change("created"))
        stored = await recordings.records.media.create(record.id, record)
        recordings.telling.media(record, record.last_change)
    try:
        await order(recordings, stored.record)
    except AppError as error:
        if error.kind is not Kind.UNAVAILABLE:
            raise
        _log.warning("a clip will be ordered later", clip=stored.key, reason=error.detail)
    return recordings.records.media.peek(stored.key) or stored


async def _unused(recordings: Recordings, drawn: str) -> str:
    """An id; one whose clip was given back is used up for ever."""
    left = await recordings.records.playback.get(drawn)
    return drawn if left is None else new_id()


async def order(recordings: Recordings, record: MediaRecord) -> None:
    """Tell the archiver, unless it is made. Repeatable. AppError(UNAVAILABLE) where it cannot be told now."""
    if not is_unmade(record):
        return
    start_us, end_us = record.clip_start_us, record.clip_end_us
    try:
        await recordings.archive.create_clip(record.clipped_from, record.id, start_us, end_us)
    except AppError as error:
        if error.kind is Kind.UNAVAILABLE:
            raise
        await ClipEndings(recordings.records, recordings.telling).fail(record.id, error.detail)


def check(wanted: ClipMediaRequest, duration_us: int) -> None:
    """AppError(INVALID) for a piece that a media of this length has not, and for origins that are none."""
    start_us, end_us = wanted.start.ToMicroseconds(), wanted.end.ToMicroseconds()
    if start_us < 0:
        raise AppError(Kind.INVALID, "must not be before the beginning", field="start")
    if start_us >= end_us:
        raise AppError(Kind.INVALID, "must be before end", field="start")
    if end_us > duration_us:
        raise AppError(Kind.INVALID, f"is beyond the end: the media lasts {duration_us / 1e6:.3f} s", field="end")
    for origin in wanted.allowed_origins:
        check_origin(origin, field="allowedOrigins")


def record_of(source: MediaRecord, wanted: ClipMediaRequest, clip_id: str, *, now_us: int) -> MediaRecord:
    """What is not asked for is as with the source, but for metadata, thumbnail and the time of its deletion."""
    record = MediaRecord(
        id=clip_id,
        livestream_id=source.livestream_id,
        broadcast_id=source.broadcast_id,
        state=Media.FINISHING,
        name=wanted.name or source.name,
        creator=wanted.creator or source.creator,
        create_time_us=now_us,
        width=source.width,
        height=source.height,
        tenant_id=source.tenant_id,
        app_id=source.app_id,
        access=source.access,
        clipped_from=source.id,
        clip_start_us=wanted.start.ToMicroseconds(),
        clip_end_us=wanted.end.ToMicroseconds(),
        metadata=wanted.metadata,
        thumbnail_position=wanted.thumbnail_position,
    )
    if wanted.HasField("scheduled_delete_time"):
        record.scheduled_delete_time_us = wanted.scheduled_delete_time.ToMicroseconds()
    if wanted.HasField("require_signed_urls"):
        record.access.require_signed_urls = wanted.require_signed_urls
    if wanted.allowed_origins:
        del record.access.allowed_origins[:]
        record.access.allowed_origins.extend(wanted.allowed_origins)
    return record
