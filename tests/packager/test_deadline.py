"""When a broadcast ends: one table."""

import pytest

from headwater.internal.v1.onair_pb2 import Connection, OnAir, Rules
from services.packager.deadline import SETTLE_S, Situation, what_is_due

NOW_US = 1_700_000_000_000_000
S = 1_000_000


def _on_air(
    *, joined_s: float = 1000, end_reason: str = "", window_s: float = 120, longest_s: float = 0, is_gated: bool = False
) -> OnAir:
    connection = Connection(since_us=NOW_US - round(joined_s * S))
    rules = Rules(reconnect_window_ms=round(window_s * 1000), is_gated=is_gated)
    rules.max_run_time_ms = round(longest_s * 1000)
    return OnAir(connections={"primary": connection}, rules=rules, end_reason=end_reason)


def _situation(**known: object) -> Situation:
    given: dict[str, object] = {
        "now_us": NOW_US,
        "on_air": _on_air(),
        "has_begun": True,
        "lost_since_us": 0,
        "start_time_us": NOW_US - 1000 * S,
        "media_at_us": 0,
        "connected_for_s": 1000.0,
    }
    return Situation(**(given | known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "due"),
    [
        ({}, None),
        ({"on_air": None}, "reconnect-window"),
        # Another broadcast has been written over the order before this one was ended.
        ({"on_air": None, "ordered": "complete"}, "complete"),
        ({"on_air": _on_air(end_reason="order")}, "order"),
        ({"lost_since_us": NOW_US - 119 * S}, None),
        ({"lost_since_us": NOW_US - 121 * S}, "reconnect-window"),
        # One that has just connected counts as giving media.
        ({"lost_since_us": NOW_US - 121 * S, "on_air": _on_air(joined_s=5)}, None),
        # One that has come before the clock was put back by an hour.
        ({"lost_since_us": NOW_US - 121 * S, "on_air": _on_air(joined_s=-3000)}, "reconnect-window"),
        # After the bus was away encoders get time to come back, but no more than the window.
        ({"lost_since_us": NOW_US - 121 * S, "connected_for_s": SETTLE_S - 1}, None),
        (
            {"lost_since_us": NOW_US - 121 * S, "connected_for_s": 3.0, "on_air": _on_air(window_s=2)},
            "reconnect-window",
        ),
        # An encoder that never sent enough to begin with has a window, too.
        ({"has_begun": False}, "reconnect-window"),
        ({"has_begun": False, "media_at_us": NOW_US - 60 * S}, None),
        ({"has_begun": False, "start_time_us": NOW_US - 125 * S}, None),
        # Begun 1000 s ago.
        ({"on_air": _on_air(longest_s=1000)}, "run-time"),
        ({"on_air": _on_air(longest_s=1001)}, None),
        ({"on_air": _on_air(longest_s=1000, end_reason="order")}, "order"),
        # What is kept back has its time before it is published, and then again.
        ({"on_air": _on_air(longest_s=1001, is_gated=True)}, None),
        ({"on_air": _on_air(longest_s=1000, is_gated=True)}, "run-time"),
        ({"on_air": _on_air(longest_s=10, is_gated=True), "publish_time_us": NOW_US - 9 * S}, None),
        ({"on_air": _on_air(longest_s=10, is_gated=True), "publish_time_us": NOW_US - 10 * S}, "run-time"),
    ],
)
def test_broadcast_ends_when_it_is_due(known: dict[str, object], due: str | None) -> None:
    """An order, a key that is gone, a window that is over, or the longest run time: else it goes on."""
    assert what_is_due(_situation(**known)) == due
