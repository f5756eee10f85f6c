"""What the bucket `keys` should say of a livestream's stream keys. Pure."""

from headwater.internal.v1.onair_pb2 import StreamKey
from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api import broadcast
from services.api.caller import tenant_of
from services.api.standing import is_armed, is_used_up
from services.common.input_rules import QUOTA_REFUSAL, applies

DISABLED = "the livestream is disabled"
NOT_STARTED = "the livestream must be activated first"
USED = "the livestream was for one broadcast, and that is over"


def is_guarded(record: LivestreamRecord) -> bool:
    """Whether what its keys open depends on where its broadcasts stand."""
    return record.start == Livestream.MANUAL or record.is_single_use


def wanted_key(
    record: LivestreamRecord, instance: str, newest: BroadcastRecord | None, now_us: int, *, is_full: bool = False
) -> StreamKey:
    """The key's record as it should be. `newest` matters where the livestream is guarded, or its tenant `is_full`."""
    key = StreamKey(livestream_id=record.id, instance=instance, rules=record.rules, tenant_id=tenant_of(record))
    is_on_air = newest is not None and broadcast.is_on_air(newest)
    is_kept_out = is_full and applies(record.rules)
    refusal = _refusal(record, newest, now_us) or (QUOTA_REFUSAL if is_kept_out and not is_on_air else "")
    key.is_enabled, key.refusal = not refusal, refusal
    if not refusal and newest is not None and is_on_air and (is_kept_out or is_guarded(record)):
        # Encoders come back to this one; should it end while api is away, no other begins.
        key.broadcast_id = newest.id
        key.refusal = USED if record.is_single_use else QUOTA_REFUSAL if is_kept_out else NOT_STARTED
    return key


def _refusal(record: LivestreamRecord, newest: BroadcastRecord | None, now_us: int) -> str:
    if record.is_disabled:
        return DISABLED
    if is_used_up(record, newest):
        return USED
    is_on_air = newest is not None and broadcast.is_on_air(newest)
    if record.start == Livestream.MANUAL and not is_on_air:
        has_been = newest is not None and not broadcast.has_failed(newest)
        is_over = has_been and newest is not None and newest.start_time_us >= record.armed_time_us
        return "" if is_armed(record, now_us) and not is_over else NOT_STARTED
    return ""
