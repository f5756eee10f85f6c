"""What an archiver counts and says."""

from headwater.internal.v1.cmaf_pb2 import Recording, Rendition
from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from services.common import metrics


class Counts:
    """The archiver's metrics."""

    def __init__(self) -> None:
        self.stored_bytes = metrics.counter("headwater_archiver_stored_bytes_total")
        self.store_duration = metrics.histogram("headwater_archiver_store_duration_seconds")
        self.waiting = metrics.gauge("headwater_archiver_waiting_segments")
        self.media = metrics.counter("headwater_archiver_media_total")

    def segment(self, result: str) -> None:
        """Count a segment: "stored", "repeated", "unwanted" or "lost"."""
        metrics.counter("headwater_archiver_segments_total", result=result).inc()

    def conversion(self, kind: str, result: str) -> None:
        """Count a conversion that has ended."""
        metrics.counter("headwater_archiver_conversions_total", kind=kind, result=result).inc()


def fact_of(record: Playback, word: str, time_us: int) -> Fact:
    """A fact of a broadcast; the same id for the same `word`, whoever says it."""
    return Fact(
        id=f"{record.broadcast_id}-{word}",
        time_us=time_us,
        livestream_id=record.livestream_id,
        broadcast_id=record.broadcast_id,
    )


def completed_fact(record: Playback, recording: Recording, time_us: int) -> Fact:
    """The fact that a recording is complete."""
    fact = fact_of(record, "recorded", time_us)
    said = fact.recording_completed
    said.segment_count = recording.segment_count
    said.size_bytes = recording.size_bytes
    said.duration_us = recording.duration_us
    pictures = [rendition for rendition in recording.renditions if rendition.kind == Rendition.VIDEO]
    said.width = max((rendition.width for rendition in pictures), default=0)
    said.height = max((rendition.height for rendition in pictures), default=0)
    return fact


def failed_fact(record: Playback, msn: int, reason: str, time_us: int) -> Fact:
    """The fact that a segment is missing from a recording."""
    fact = fact_of(record, f"failed-{msn}", time_us)
    fact.recording_failed.reason = f"segment {msn}: {reason}"
    return fact


def progress_fact(record: Playback, job: DownloadJob, time_us: int) -> Fact:
    """The fact of how far a file is."""
    fact = fact_of(record, f"{job.format}-{job.order_time_us}-{job.state}-{job.percent:.1f}", time_us)
    said = fact.download_progressed
    said.format, said.state, said.percent = job.format, DownloadJob.State.Name(job.state), job.percent
    said.object_key, said.size_bytes, said.error = job.object_key, job.size_bytes, job.error
    return fact
