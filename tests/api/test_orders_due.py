"""What is still to be ordered of a broadcast, by its livestream's record."""

import pytest

from headwater.internal.v1.onair_pb2 import OnAir
from headwater.internal.v1.records_pb2 import HistoryRecord, LivestreamRecord
from services.api.orders_due import end_due, is_publish_due

ON_AIR = OnAir(broadcast_id="b")


def ordered(kind: str, broadcast: str = "b") -> LivestreamRecord:
    return LivestreamRecord(history=[HistoryRecord(kind=kind, broadcast_id=broadcast)])


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("idled", "order"), ("completed", "complete"), ("keys-rotated", "keys-rotated"), ("disabled", "disabled")],
)
def test_order_for_this_broadcast_is_due_until_it_stands_in_onair(kind: str, reason: str) -> None:
    """For another broadcast, or given already, it is not."""
    due = end_due(ordered(kind), ON_AIR)

    assert due is not None
    assert due.reason == reason
    assert end_due(ordered(kind, "another"), ON_AIR) is None
    assert end_due(ordered(kind), OnAir(broadcast_id="b", end_reason="order")) is None
    assert end_due(ordered(kind), None) is None


def test_disabled_or_deleted_livestream_has_nothing_on_air() -> None:
    """However the broadcast came about."""
    assert end_due(LivestreamRecord(is_disabled=True), ON_AIR) is not None
    assert end_due(LivestreamRecord(delete_time_us=1), ON_AIR) is not None
    assert end_due(LivestreamRecord(), ON_AIR) is None


def test_publishing_is_due_once() -> None:
    """The order stands in `onair` from then on."""
    assert is_publish_due(ordered("published"), ON_AIR)
    assert not is_publish_due(ordered("published"), OnAir(broadcast_id="b", publish_order_us=1))
    assert not is_publish_due(ordered("published", "another"), ON_AIR)
