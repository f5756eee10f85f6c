"""What a packager counts and says of its broadcasts."""

from headwater.internal.v1.cmaf_pb2 import End
from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import Playback
from services.common import metrics
from services.packager.program.program import Draft


class Counts:
    """The packager's metrics."""

    def __init__(self) -> None:
        self.ticks = metrics.counter("headwater_packager_ticks_total")
        self.written_bytes = metrics.counter("headwater_packager_written_bytes_total")
        self.segments = metrics.counter("headwater_packager_segments_total")
        self.fenced = metrics.counter("headwater_packager_fenced_total")
        self.resumed = metrics.counter("headwater_packager_resumed_total")
        self.part_delay = metrics.histogram("headwater_packager_part_delay_seconds")

    def note(self, draft: Draft) -> None:
        """Count a tick that is in the log."""
        self.ticks.inc()
        self.written_bytes.inc(sum(map(len, draft.parts)))
        if draft.head.ends_segment:
            self.segments.inc()

    def switched(self, instance: str, reason: str) -> None:
        """Count a change of the instance on air."""
        metrics.counter("headwater_packager_switches_total", instance=instance, reason=reason).inc()


def started_fact(record: Playback) -> Fact:
    """The fact that a broadcast has begun; the same each time it is made."""
    fact = _fact(record, record.start_time_us, "started")
    fact.broadcast_started.start_time_us = record.start_time_us
    fact.broadcast_started.shard = record.shard
    fact.broadcast_started.record = record.is_recorded
    fact.broadcast_started.store_prefix = record.store_prefix
    return fact


def ended_fact(record: Playback, end: End, segment_count: int) -> Fact:
    """The fact that a broadcast has ended; the same each time it is made."""
    fact = _fact(record, end.time_us, "ended")
    fact.broadcast_ended.reason = end.reason
    fact.broadcast_ended.end_time_us = end.time_us
    fact.broadcast_ended.segment_count = segment_count
    return fact


def _fact(record: Playback, time_us: int, word: str) -> Fact:
    return Fact(
        id=f"{record.broadcast_id}-{word}",
        time_us=time_us,
        livestream_id=record.livestream_id,
        broadcast_id=record.broadcast_id,
    )
