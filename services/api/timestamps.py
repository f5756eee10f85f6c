"""Times and spans as public messages carry them. Pure."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(time_us: int) -> Timestamp | None:
    """None for 0: it has not happened."""
    if not time_us:
        return None
    seconds, micros = divmod(time_us, 1_000_000)
    return Timestamp(seconds=seconds, nanos=micros * 1_000)


def milliseconds(span_ms: int) -> Duration:
    span = Duration()
    span.FromMilliseconds(span_ms)
    return span
