"""Records as rows of the catalog. Pure."""

from collections.abc import Callable

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord, MediaRecord
from headwater.v1.media_pb2 import Media
from services.api.caller import DEFAULT, tenant_of
from services.api.listing import Value
from services.api.row import NAME_LENGTH, Row


def livestream_row(key: str, record: LivestreamRecord) -> Row:
    """Where a livestream stands is not in its record, nor in its row."""
    return Row(
        key=key,
        tenant=tenant_of(record),
        create_time=record.create_time_us,
        app=record.app_id or DEFAULT,
        creator=record.creator,
        name=record.name,
        update_time=record.update_time_us,
        is_deleted=bool(record.delete_time_us),
    )


def media_row(key: str, record: MediaRecord) -> Row:
    is_deleted, created_us = bool(record.delete_time_us), record.create_time_us
    return Row(  # by place: names would take three times as long, and there are very many
        key,
        record.tenant_id or DEFAULT,
        created_us,
        record.app_id or DEFAULT,
        record.creator,
        record.name,
        Media.DELETED if is_deleted else record.state,
        record.update_time_us or record.ready_time_us or created_us,
        record.duration_us,
        is_deleted,
        record.size_bytes,
    )


def broadcast_row(key: str, record: BroadcastRecord) -> Row:
    return Row(key, record.tenant_id or DEFAULT, record.start_time_us, record.app_id or DEFAULT)


def value_of(field: str) -> Callable[[Row], Value]:
    """What a list is sorted by."""
    if field == "name":
        return lambda row: row.name.casefold()[:NAME_LENGTH]
    place = Row._fields.index(field)
    return lambda row: int(row[place])
