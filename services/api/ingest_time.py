"""For how long an encoder has given media to a broadcast. Pure.

What the packager says that it has put out counts: media time, which no clock can put forward or back. Where nothing was
told, and of what is kept back, it is reckoned by the clock from what the broadcast's record remembers, so facts may be
heard late, twice and in any order. What the record has no more room for is added up before it is forgotten.
"""

from collections.abc import Iterable

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.records_pb2 import BroadcastRecord, HistoryRecord

_GIVES = {"source.changed": True, "media.resumed": True, "media.lost": False, "broadcast.ended": False}


def ingest_us(record: BroadcastRecord, now_us: int) -> int:
    """Microseconds up to now, or to the end of the broadcast."""
    if record.program_us and not record.is_gated:  # nothing is put out of it before it is published
        going_on_us = (record.end_time_us or now_us) - record.program_until_us if record.is_program_going_on else 0
        return record.program_us + max(going_on_us, 0)
    spent, since = _walk(record.ingest_us, record.ingest_since_us, record.history)
    end_us = record.end_time_us or now_us
    return spent + (max(end_us - since, 0) if since else 0)


def note_program(record: BroadcastRecord, fact: Fact) -> None:
    """How much program there is, if the fact says more of it than is known."""
    gives = _GIVES.get((fact.WhichOneof("fact") or "").replace("_", "."))
    known = (record.program_us, record.program_until_us)
    if gives is not None and fact.program_us and (fact.program_us, fact.time_us) > known:
        record.program_us, record.program_until_us = fact.program_us, fact.time_us
        record.is_program_going_on = gives


def first_media_us(record: BroadcastRecord) -> int:
    """When media first came; 0 if none did, or if it is forgotten when."""
    found = (event.time_us for event in record.history if event.kind == "source.changed")
    return next(found, record.start_time_us if record.source_time_us else 0)


def give_up(record: BroadcastRecord, events: Iterable[HistoryRecord]) -> None:
    """Add up what is about to be forgotten: the oldest events, in order."""
    kept = list(events)
    if not kept:
        return
    record.ingest_us, record.ingest_since_us = _walk(record.ingest_us, record.ingest_since_us, kept)
    record.ingest_until_us = kept[-1].time_us


def _walk(spent_us: int, since_us: int, events: Iterable[HistoryRecord]) -> tuple[int, int]:
    for event in events:
        gives = _GIVES.get(event.kind)
        if gives is True and not since_us:
            since_us = event.time_us
        elif gives is False and since_us:
            spent_us, since_us = spent_us + max(event.time_us - since_us, 0), 0
    return spent_us, since_us
