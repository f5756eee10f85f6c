"""Clips: a piece of a media as a media of its own.

The archiver copies; the record is written when that is done, so that nobody sees a clip that is not whole. Of one whose
record was not written nobody knows the id, and origins, which know no rules of it, refuse it.
"""

from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import ClipMediaRequest, Media
from services.api.livestream_fields import check_origin
from services.api.once import made_before
from services.api.recordings import Recordings
from services.api.repository import Stored
from services.common.errors import AppError, Kind
from services.common.ids import new_id

READY_AT_ONCE = ("ready_time", "state")
"""What the fact of its creation says of it, so that whoever waits for it to be ready is told."""


async def clip(recordings: Recordings, source: Stored[MediaRecord], wanted: ClipMediaRequest) -> Stored[MediaRecord]:
    """The new media, which is READY.

    AppError(FAILED_PRECONDITION) before the source is complete; INVALID for a piece that it has not.
    """
    if source.record.state != Media.READY:
        raise AppError(Kind.FAILED_PRECONDITION, "clips can be made once the recording is complete")
    check(wanted, source.record.duration_us)
    drawn, known = await made_before("clip", recordings.records.media.get, recordings.now_us())
    if known is not None:  # made by this very order, whose answer was lost
        return await recordings.again(known)
    made = await _copied(recordings, source.key, drawn, wanted)
    record = record_of(source.record, wanted, made, now_us=recordings.now_us())
    record.last_change.CopyFrom(recordings.telling.change("created", READY_AT_ONCE))
    stored = await recordings.records.media.create(record.id, record)
    recordings.telling.media(record, record.last_change)
    return stored


async def _copied(recordings: Recordings, source: str, drawn: str, wanted: ClipMediaRequest) -> Playback:
    """The copy, which an order that comes again may have left; one that was given back has lost its id for ever."""
    left = await recordings.records.playback.get(drawn)
    if left is not None and left.record.state == Playback.RECORDED:
        return left.record
    which = drawn if left is None else new_id()
    return await recordings.archive.create_clip(
        source, which, wanted.start.ToMicroseconds(), wanted.end.ToMicroseconds()
    )


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


def record_of(source: MediaRecord, wanted: ClipMediaRequest, made: Playback, *, now_us: int) -> MediaRecord:
    """What is not asked for is as with the source, but for metadata, thumbnail and the time of its deletion."""
    record = MediaRecord(
        id=made.broadcast_id,
        livestream_id=source.livestream_id,
        broadcast_id=source.broadcast_id,
        state=Media.READY,
        name=wanted.name or source.name,
        creator=wanted.creator or source.creator,
        create_time_us=now_us,
        ready_time_us=now_us,
        duration_us=made.duration_us,
        size_bytes=made.size_bytes,
        width=source.width,
        height=source.height,
        tenant_id=source.tenant_id,
        app_id=source.app_id,
        access=source.access,
        clipped_from=source.id,
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
