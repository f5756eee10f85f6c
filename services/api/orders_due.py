"""What is still to be ordered of the broadcast on air, by what stands in its livestream's record. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from headwater.internal.v1.onair_pb2 import OnAir
from headwater.internal.v1.records_pb2 import HistoryRecord, LivestreamRecord

LINGER_S = 60.0
"""After `complete` encoders keep their connections so long."""
ROTATION_HOLD_S = 2.0
"""Long enough for the packager to hear why the broadcast ends; then the encoder with the new key is welcome."""


@dataclass(frozen=True, slots=True)
class Order:
    """Why a broadcast is to end. Encoders keep their connections for `linger_s`, and are then held off for `hold_s`
    (None: as the settings say).
    """

    reason: str = "order"
    hold_s: float | None = None
    linger_s: float = 0.0


_ENDS = {
    "idled": Order(),
    "completed": Order("complete", linger_s=LINGER_S),
    "keys-rotated": Order("keys-rotated", hold_s=ROTATION_HOLD_S),
    "disabled": Order("disabled", hold_s=0.0),
}


def end_due(record: LivestreamRecord, on_air: OnAir | None) -> Order | None:
    """The order by which the broadcast on air is to end; None if none is, or it was given."""
    if on_air is None or on_air.end_reason:
        return None
    if record.delete_time_us:
        return Order()
    if record.is_disabled:  # however it came on air
        return _ENDS["disabled"]
    meant = (each for each in reversed(_orders(record, on_air)) if each.kind in _ENDS)
    return next((_ENDS[each.kind] for each in meant), None)


def is_publish_due(record: LivestreamRecord, on_air: OnAir | None) -> bool:
    """Whether it was ordered to publish the broadcast on air, and the order was not handed on."""
    if on_air is None or on_air.end_reason or on_air.publish_order_us:
        return False
    return any(each.kind == "published" for each in _orders(record, on_air))


def _orders(record: LivestreamRecord, on_air: OnAir) -> Sequence[HistoryRecord]:
    return [each for each in record.history if each.broadcast_id and each.broadcast_id == on_air.broadcast_id]
