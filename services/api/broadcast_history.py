"""Which states a broadcast went through, and what was noted of it: read off its record. Pure."""

from collections.abc import Iterator

from headwater.internal.v1.records_pb2 import BroadcastRecord, HistoryRecord
from headwater.v1.livestreams_pb2 import HistoryEntry, Livestream
from services.api.livestream import Event, Standing, advance
from services.api.timestamps import timestamp

_NOTED = {"input.rejected", "keyframes.missed"}
"""Entries that say what happened, whether or not a state was entered."""


def entries(record: BroadcastRecord) -> list[HistoryEntry]:
    """Each state entered, with time and reason, and what was noted; oldest first."""
    standing = Standing(Livestream.IDLE, "", 0)
    found = []
    for time_us, event, reason, instance in sorted(_moments(record), key=lambda moment: moment[0]):
        after = advance(standing, event, time_us, reason) if event else standing
        is_new = after.state != standing.state
        standing = after
        if is_new or event is None:
            entry = HistoryEntry(reason=reason, broadcast_id=record.id, instance=instance, time=timestamp(time_us))
            entry.state = after.state if is_new else Livestream.STATE_UNSPECIFIED
            found.append(entry)
    return found


_Moment = tuple[int, Event | None, str, str]


def _moments(record: BroadcastRecord) -> Iterator[_Moment]:
    if record.start_time_us != record.end_time_us:  # else it was no more than an attempt
        yield record.start_time_us, Event.STARTED_GATED if record.is_gated else Event.STARTED, "started", ""
    if record.publish_time_us:
        yield record.publish_time_us, Event.PUBLISHED, "published", ""
    for event in record.history:
        yield from _of_fact(event, record)
    if record.end_time_us:
        is_kept = record.is_recorded and not (record.is_gated and not record.publish_time_us)
        ended = Event.ENDED if is_kept else Event.ENDED_UNRECORDED
        yield record.end_time_us, ended, record.end_reason, ""


def _of_fact(event: HistoryRecord, record: BroadcastRecord) -> Iterator[_Moment]:
    is_failure = event.time_us == record.failure_time_us and not record.source_time_us
    if event.kind == "input.rejected" and is_failure:
        yield event.time_us, Event.REJECTED, event.reason, event.instance
    elif event.kind in _NOTED:
        yield event.time_us, None, event.reason or event.kind, event.instance
    elif event.kind == "media.lost":
        yield event.time_us, Event.LOST, event.reason, event.instance
    elif event.kind == "media.resumed":
        is_kept_back = record.is_gated and not 0 < record.publish_time_us <= event.time_us
        yield event.time_us, Event.RESUMED_GATED if is_kept_back else Event.RESUMED, "resumed", event.instance
    elif event.kind.startswith("recording."):
        yield event.time_us, Event.RECORDED, event.kind, ""
