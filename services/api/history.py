"""What people ordered of a livestream: kept in its record, said as facts, and shown with what its broadcasts went
through. Pure.
"""

from collections.abc import Iterable

from headwater.internal.v1.facts_pb2 import Fact, LivestreamChanged, MediaChanged
from headwater.internal.v1.records_pb2 import BroadcastRecord, HistoryRecord, LivestreamRecord, MediaRecord
from headwater.v1.livestreams_pb2 import HistoryEntry, Livestream
from services.api import broadcast_history
from services.api.caller import DEFAULT, tenant_of
from services.api.timestamps import timestamp

HISTORY_LIMIT = 200

_STATES = {
    "created": Livestream.IDLE,
    "activated": Livestream.ACTIVE,
    "disabled": Livestream.DISABLED,
    "enabled": Livestream.IDLE,
    "disarmed": Livestream.IDLE,
}
"""What a change of this kind leads to; others are only noted."""
_REASONS = {"updated": "configured", "disarmed": "order"}
_QUIET = {"idled", "published", "completed", "output-created", "output-updated", "output-deleted"}
"""What follows from these is in the broadcast's history; outputs are configuration."""


def note(record: LivestreamRecord, change: HistoryRecord) -> None:
    """Keep it; the oldest goes where there is no room."""
    kept = [*record.history, change][-HISTORY_LIMIT:]
    del record.history[:]
    record.history.extend(kept)


def livestream_fact(record: LivestreamRecord, change: HistoryRecord) -> Fact:
    """The fact of a change, the same however often it is said."""
    changed = LivestreamChanged(
        change="idled" if change.kind == "disarmed" else change.kind,
        fields=change.fields,
        tenant_id=tenant_of(record),
        token_id=change.token_id,
        app_id=record.app_id or DEFAULT,
    )
    return Fact(id=change.fact_id, time_us=change.time_us, livestream_id=record.id, livestream_changed=changed)


def media_fact(record: MediaRecord, change: HistoryRecord) -> Fact:
    changed = MediaChanged(
        change=change.kind,
        fields=change.fields,
        tenant_id=tenant_of(record),
        token_id=change.token_id,
        is_permanent=change.reason == "permanent",
        media_id=record.id,
    )
    return Fact(
        id=change.fact_id,
        time_us=change.time_us,
        livestream_id=record.livestream_id,
        broadcast_id=record.broadcast_id,
        media_changed=changed,
    )


def entries(
    record: LivestreamRecord, broadcasts: Iterable[BroadcastRecord], window_us: int, now_us: int
) -> list[HistoryEntry]:
    """States entered and changes noted, the livestream's and its broadcasts', newest first."""
    kept = list(broadcasts)
    starts = [each.start_time_us for each in kept]
    found = [entry for each in kept for entry in broadcast_history.entries(each)]
    for place, change in enumerate(record.history):
        if change.kind in _QUIET and not change.kind.startswith("output"):
            continue
        state = _STATES.get(change.kind, Livestream.STATE_UNSPECIFIED)
        reason = "configured" if change.kind.startswith("output") else _REASONS.get(change.kind, change.kind)
        found.append(HistoryEntry(time=timestamp(change.time_us), state=state, reason=reason))
        later = record.history[place + 1].time_us if place + 1 < len(record.history) else now_us
        over_us = change.time_us + window_us
        is_fed = any(change.time_us <= start < over_us for start in starts)
        if change.kind == "activated" and over_us <= later and over_us <= now_us and not is_fed:
            found.append(HistoryEntry(time=timestamp(over_us), state=Livestream.IDLE, reason="nobody came"))
    return sorted(found, key=lambda entry: entry.time.ToMicroseconds(), reverse=True)
