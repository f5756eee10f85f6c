"""Where a livestream stands: not kept but seen, in its record and its newest broadcast. Pure."""

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api import broadcast
from services.api.livestream import Event, Standing, advance, resting
from services.api.livestream_fields import WINDOW_MS


def armed_window_us(record: LivestreamRecord) -> int:
    """How long an order to activate lasts. A window of 0 would make the order void; it has the usual one."""
    return (record.rules.reconnect_window_ms or WINDOW_MS) * 1000


def is_armed(record: LivestreamRecord, now_us: int) -> bool:
    return bool(record.armed_time_us) and now_us < record.armed_time_us + armed_window_us(record)


def is_used_up(record: LivestreamRecord, newest: BroadcastRecord | None) -> bool:
    """Whether its one broadcast is over; an attempt that gave no picture is none."""
    if not record.is_single_use or newest is None or broadcast.has_failed(newest):
        return False
    return not broadcast.is_on_air(newest)


def standing_of(record: LivestreamRecord, newest: BroadcastRecord | None, now_us: int) -> Standing:
    """Where a livestream stands now."""
    standing = _enabled_standing(record, newest, now_us)
    if not record.is_disabled:
        return standing
    at_us = next((each.time_us for each in reversed(record.history) if each.kind == "disabled"), record.update_time_us)
    return advance(standing, Event.DISABLED, at_us, "disabled")


def _enabled_standing(record: LivestreamRecord, newest: BroadcastRecord | None, now_us: int) -> Standing:
    if newest is None:
        return resting(record.create_time_us, record.armed_time_us, armed_window_us(record), now_us)
    is_its = broadcast.is_on_air(newest) or record.armed_time_us <= newest.start_time_us
    if not is_its and not is_used_up(record, newest):
        return resting(record.create_time_us, record.armed_time_us, armed_window_us(record), now_us)
    standing = broadcast.standing_of(newest)
    if is_used_up(record, newest):
        return advance(standing, Event.USED, standing.time_us, standing.reason)
    return standing


def shows_inputs(record: LivestreamRecord, newest: BroadcastRecord | None, now_us: int) -> bool:
    """Whether it is said where encoders send to: with a manual start only once it has been activated."""
    if record.start != Livestream.MANUAL:
        return True
    waiting = {Livestream.ACTIVE, Livestream.RECEIVING, Livestream.LIVE, Livestream.RECONNECTING}
    return standing_of(record, newest, now_us).state in waiting
