"""When a broadcast ends: design.md section 4, point 8. Pure."""

from dataclasses import dataclass

from headwater.internal.v1.onair_pb2 import OnAir

SETTLE_S = 10.0
"""After the bus was away the window is not over before encoders have had this long to come back, or the window."""

SKEW_S = 300.0
"""Clocks of hosts differ by less; what is dated further ahead was dated before a clock was put back."""

RUN_TIME = "run-time"


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known when the question is asked. Times in Unix microseconds."""

    now_us: int
    on_air: OnAir | None
    """The key's value; None if it is gone or names another broadcast."""
    has_begun: bool
    lost_since_us: int
    """0 while media comes."""
    start_time_us: int
    media_at_us: int
    """JetStream's stamp of the newest message of any instance; 0 if none was seen."""
    connected_for_s: float
    """How long the bus has been there."""
    publish_time_us: int = 0
    """When the program was published; 0: it was not, or is not kept back."""
    ordered: str = ""
    """The end reason that the key had before it was gone: an order that another broadcast has overwritten."""


def what_is_due(situation: Situation) -> str | None:
    """Why the broadcast is to be ended now; None if it is not."""
    if situation.on_air is None:
        # Its key is gone and the end message is not in the log: whoever deleted it died before writing it.
        return situation.ordered or "reconnect-window"
    if situation.on_air.end_reason:
        return situation.on_air.end_reason
    if _has_run_out(situation, situation.on_air):
        return RUN_TIME
    since_us = _nobody_since(situation, situation.on_air)
    if since_us is None:
        return None
    window_s = situation.on_air.rules.reconnect_window_ms / 1000
    is_over = situation.now_us - since_us > window_s * 1e6
    return "reconnect-window" if is_over and situation.connected_for_s > min(window_s, SETTLE_S) else None


def _has_run_out(situation: Situation, on_air: OnAir) -> bool:
    """Whether it has run as long as it may: one that was kept back has all its time from when it is published, and as
    much again before that. Nobody might ever publish it, and its encoder never leave.
    """
    since_us = situation.publish_time_us or situation.start_time_us
    longest_ms = on_air.rules.max_run_time_ms
    return bool(longest_ms and since_us) and situation.now_us - since_us >= longest_ms * 1000


def _nobody_since(situation: Situation, on_air: OnAir) -> int | None:
    """Since when no encoder has given media; None if one does. One that has just connected counts as giving."""
    # One from ahead was there before the clock was put back, and says nothing of now.
    latest_us = situation.now_us + round(SKEW_S * 1e6)
    joined_us = max((c.since_us for c in on_air.connections.values() if c.since_us <= latest_us), default=0)
    if situation.lost_since_us:
        return max(situation.lost_since_us, joined_us)
    if situation.has_begun:
        return None
    # An encoder that never sent enough to begin with has a window, too: at least as long as beginning takes.
    return max(situation.start_time_us, situation.media_at_us, joined_us) + round(SETTLE_S * 1e6)
