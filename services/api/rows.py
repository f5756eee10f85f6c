"""Records as rows of the catalog, many at a time: there are very many at a start. Pure."""

from collections.abc import Callable, Sequence

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord, MediaRecord
from headwater.v1.media_pb2 import Media
from services.api.broadcast import public_state
from services.api.caller import DEFAULT
from services.api.listing import Value
from services.api.row import NAME_LENGTH, Columns, Row


def livestream_columns(keys: Sequence[str], records: Sequence[LivestreamRecord]) -> Columns:
    """Where a livestream stands is not in its record, nor in its row."""
    nothing = [0] * len(keys)
    return Columns(
        keys=keys,
        tenants=[each.tenant_id or DEFAULT for each in records],
        create_times=[each.create_time_us for each in records],
        apps=[each.app_id or DEFAULT for each in records],
        creators=[each.creator for each in records],
        names=[each.name for each in records],
        states=nothing,
        update_times=[each.update_time_us for each in records],
        durations=nothing,
        are_deleted=[bool(each.delete_time_us) for each in records],
        sizes=nothing,
    )


def media_columns(keys: Sequence[str], records: Sequence[MediaRecord]) -> Columns:
    return Columns(
        keys=keys,
        tenants=[each.tenant_id or DEFAULT for each in records],
        create_times=[each.create_time_us for each in records],
        apps=[each.app_id or DEFAULT for each in records],
        creators=[each.creator for each in records],
        names=[each.name for each in records],
        states=[Media.DELETED if each.delete_time_us else each.state for each in records],
        update_times=[each.update_time_us or each.ready_time_us or each.create_time_us for each in records],
        durations=[each.duration_us for each in records],
        are_deleted=[bool(each.delete_time_us) for each in records],
        sizes=[each.size_bytes for each in records],
    )


def broadcast_columns(keys: Sequence[str], records: Sequence[BroadcastRecord]) -> Columns:
    """It was made when it began, and changed last when it ended."""
    nothing, no_text = [0] * len(keys), [""] * len(keys)
    return Columns(
        keys=keys,
        tenants=[each.tenant_id or DEFAULT for each in records],
        create_times=[each.start_time_us for each in records],
        apps=[each.app_id or DEFAULT for each in records],
        creators=no_text,
        names=no_text,
        states=[public_state(each) if each.failure_reason else each.state for each in records],
        update_times=[each.end_time_us for each in records],
        durations=nothing,
        are_deleted=[False] * len(keys),
        sizes=nothing,
    )


def value_of(field: str) -> Callable[[Row], Value]:
    """What a list is sorted by."""
    if field == "name":
        return lambda row: row.name.casefold()[:NAME_LENGTH]
    place = Row._fields.index(field)
    return lambda row: int(row[place])
