"""Sessions: broadcasts seen as use, and sums over them. Pure."""

from datetime import UTC, datetime

from headwater.internal.v1.records_pb2 import BroadcastRecord
from headwater.v1.sessions_pb2 import Session, Usage
from services.api import broadcast, ingest_time
from services.api.timestamps import timestamp

KEPT_US = 8 * 24 * 3600 * 1_000_000
"""So long stats keeps what it knows of a broadcast."""
SETTLE_US = 30_000_000
"""So long after the end of a broadcast the last word about its viewers may still be on its way."""


def session(record: BroadcastRecord, viewer_ms: int, now_us: int) -> Session:
    """One broadcast, or an attempt at one."""
    shown = Session(
        id=record.id,
        livestream_id=record.livestream_id,
        invoke_time=timestamp(record.invoke_time_us or record.start_time_us),
        start_time=timestamp(ingest_time.first_media_us(record)),
        stop_time=timestamp(record.end_time_us),
        ingest_seconds=ingest_time.ingest_us(record, now_us) / 1e6,
        viewer_seconds=viewer_ms / 1e3,
        update_time=timestamp(record.end_time_us or record.state_time_us),
    )
    if broadcast.has_failed(record):
        shown.error = record.failure_reason
    return shown


class Sums:
    """Sums over broadcasts and their viewers' milliseconds, by the UTC day on which each began."""

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us
        self._whole = Usage()
        self._days: dict[str, Usage.Day] = {}

    def add(self, record: BroadcastRecord, viewer_ms: int) -> None:
        date = datetime.fromtimestamp(record.start_time_us / 1e6, UTC).strftime("%Y-%m-%d")
        seconds = ingest_time.ingest_us(record, self._now_us) / 1e6
        for of in (self._whole, self._days.setdefault(date, Usage.Day(date=date))):
            of.session_count += 1
            of.ingest_seconds += seconds
            of.viewer_seconds += viewer_ms / 1e3

    def usage(self) -> Usage:
        """What has been added so far."""
        whole = Usage()
        whole.CopyFrom(self._whole)
        whole.days.extend(self._days[date] for date in sorted(self._days))
        return whole


def is_settled(record: BroadcastRecord, now_us: int) -> bool:
    """Whether what its viewers watched will not change any more, and is not written down yet."""
    is_over = 0 < record.end_time_us <= now_us - SETTLE_US
    return is_over and not record.is_viewing_final and record.end_time_us > now_us - KEPT_US
