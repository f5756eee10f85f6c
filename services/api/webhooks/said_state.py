"""Where webhooks were last told that a livestream stands, moved on by facts. Pure.

The states of records are seen at a moment; a webhook needs each change once, with what was before. So the announcer
keeps what it has said, and moves it by the same table (services/api/livestream.py), in the order of the facts.
"""

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.internal.v1.webhooks_pb2 import SaidStateRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api.livestream import Event, Standing, advance

_OF_BROADCASTS = {
    "media_lost": Event.LOST,
    "program_published": Event.PUBLISHED,
    "recording_completed": Event.RECORDED,
    "recording_failed": Event.RECORDED,
    "recording_deleted": Event.RECORDED,
}
_OF_ORDERS = {
    "activated": Event.ACTIVATED,
    "idled": Event.END_ORDERED,
    "completed": Event.END_ORDERED,
    "disabled": Event.DISABLED,
    "enabled": Event.ENABLED,
}

KINDS = (*_OF_BROADCASTS, "broadcast_started", "media_resumed", "broadcast_ended", "source_changed", "input_rejected")
"""The kinds of fact that move a state, beside `livestream_changed`."""


def state_after(said: SaidStateRecord, fact: Fact, livestream: LivestreamRecord | None) -> tuple[SaidStateRecord, str]:
    """What is to be said after a fact, and why; the state stays if the fact moves nothing."""
    record = SaidStateRecord()
    record.CopyFrom(said)
    record.state = said.state or Livestream.IDLE
    event = _event(record, fact, livestream)
    if event is None:
        return record, ""
    standing = advance(Standing(record.state, "", record.time_us), event, fact.time_us, _reason(fact))
    is_over = event in {Event.RECORDED, Event.ENDED_UNRECORDED}
    if is_over and livestream is not None and livestream.is_single_use:
        standing = advance(standing, Event.USED, fact.time_us, "used")
    record.state, record.time_us = standing.state, standing.time_us
    return record, standing.reason


def _event(record: SaidStateRecord, fact: Fact, livestream: LivestreamRecord | None) -> Event | None:
    """What the fact means for the record; notes what later facts need."""
    kind = fact.WhichOneof("fact") or ""
    if kind == "livestream_changed":
        return _OF_ORDERS.get(fact.livestream_changed.change)
    if kind == "broadcast_started":
        return _begin(record, fact, livestream)
    if record.broadcast_id and fact.broadcast_id and fact.broadcast_id != record.broadcast_id:
        return None
    if kind == "input_rejected":
        return Event.REJECTED if fact.input_rejected.is_refused and not record.has_picture else None
    if kind == "source_changed":
        record.has_picture = True
        return None
    if kind == "media_resumed":
        return Event.RESUMED_GATED if record.is_kept_back else Event.RESUMED
    if kind == "broadcast_ended":
        return Event.ENDED if record.is_recorded and not record.is_kept_back else Event.ENDED_UNRECORDED
    if kind == "program_published":
        record.is_kept_back = False
    return _OF_BROADCASTS.get(kind)


def _begin(record: SaidStateRecord, fact: Fact, livestream: LivestreamRecord | None) -> Event | None:
    if fact.broadcast_id == record.broadcast_id:
        return None
    is_gated = livestream is not None and livestream.rules.is_gated
    record.broadcast_id, record.is_recorded = fact.broadcast_id, fact.broadcast_started.record
    record.is_kept_back, record.has_picture = is_gated, False
    return Event.STARTED_GATED if is_gated else Event.STARTED


def _reason(fact: Fact) -> str:
    kind = fact.WhichOneof("fact") or ""
    said = getattr(fact, kind)
    return str(getattr(said, "change", "") or getattr(said, "code", "") or getattr(said, "reason", "")) or _PLAIN[kind]


_PLAIN = {
    "broadcast_started": "started",
    "media_lost": "no media",
    "media_resumed": "resumed",
    "program_published": "published",
    "broadcast_ended": "ended",
    "recording_completed": "recorded",
    "recording_failed": "recording failed",
    "recording_deleted": "recording deleted",
    "input_rejected": "rejected",
}
