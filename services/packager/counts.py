"""What a packager counts of its broadcasts."""

from services.common import metrics
from services.packager.program.draft import Draft


class Counts:
    """The packager's metrics."""

    def __init__(self) -> None:
        self.ticks = metrics.counter("headwater_packager_ticks_total")
        self.written_bytes = metrics.counter("headwater_packager_written_bytes_total")
        self.segments = metrics.counter("headwater_packager_segments_total")
        self.discontinuities = metrics.counter("headwater_packager_discontinuities_total")
        self.fenced = metrics.counter("headwater_packager_fenced_total")
        self.resumed = metrics.counter("headwater_packager_resumed_total")
        self.lost = metrics.counter("headwater_packager_lost_messages_total")
        self.part_delay = metrics.histogram("headwater_packager_part_delay_seconds")

    def note(self, draft: Draft, *, discontinuities: int) -> None:
        """Count a tick that is in the log, and what of discontinuities it brought."""
        self.ticks.inc()
        self.written_bytes.inc(sum(map(len, draft.parts)))
        if draft.head.ends_segment:
            self.segments.inc()
        if discontinuities:
            self.discontinuities.inc(discontinuities)

    def switched(self, instance: str, reason: str) -> None:
        """Count a change of the instance on air."""
        metrics.counter("headwater_packager_switches_total", instance=instance, reason=reason).inc()
