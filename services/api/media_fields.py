"""What a caller may set of a media, and how the record takes it. Pure."""

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import Media
from services.api.livestream_fields import check_origin

SETTABLE = (
    "name",
    "metadata",
    "creator",
    "scheduled_delete_time",
    "require_signed_urls",
    "allowed_origins",
    "thumbnail_position",
)


def take(record: MediaRecord, given: Media, fields: frozenset[str]) -> None:
    """Copy fields; one that is named and not given goes back to its default. AppError(INVALID)."""
    for field in fields & {"name", "creator", "thumbnail_position"}:
        setattr(record, field, getattr(given, field))
    if "metadata" in fields:
        record.metadata.clear()
        record.metadata.update(given.metadata)
    if "scheduled_delete_time" in fields:
        is_given = given.HasField("scheduled_delete_time")
        record.scheduled_delete_time_us = given.scheduled_delete_time.ToMicroseconds() if is_given else 0
    if "require_signed_urls" in fields:
        record.access.require_signed_urls = given.require_signed_urls
    if "allowed_origins" in fields:
        for origin in given.allowed_origins:
            check_origin(origin, field="media.allowedOrigins")
        del record.access.allowed_origins[:]
        record.access.allowed_origins.extend(given.allowed_origins)
