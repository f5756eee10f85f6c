"""What ingest counts."""

from collections.abc import Callable

from services.common import metrics
from services.ingest.encoder import Encoder

_PROTOCOL = "rtmp"


class Counts:
    """The metrics of one protocol's server."""

    def __init__(self) -> None:
        self.accepted = metrics.counter("headwater_ingest_accepted_total", protocol=_PROTOCOL)
        self.received_bytes = metrics.counter("headwater_ingest_received_bytes_total", protocol=_PROTOCOL)
        self.units = metrics.counter("headwater_ingest_units_total", protocol=_PROTOCOL)
        self.dropped_units = metrics.counter("headwater_ingest_dropped_units_total")

    def refused(self, reason: str) -> None:
        """Count a connection or an encoder that was not let in."""
        metrics.counter("headwater_ingest_refused_total", protocol=_PROTOCOL, reason=reason).inc()

    def closed(self, fault: str) -> None:
        """Count a connection that ended, by whose fault."""
        metrics.counter("headwater_ingest_closed_total", protocol=_PROTOCOL, reason=fault).inc()

    def observe(self, encoders: Callable[[], list[Encoder]]) -> None:
        """Show what is connected, at each scrape."""
        metrics.observe("headwater_ingest_buffered_bytes", lambda: sum(e.buffered_bytes for e in encoders()))
        for instance in ("primary", "secondary"):
            metrics.observe(
                "headwater_ingest_connections",
                lambda wanted=instance: sum(1 for e in encoders() if e.key.instance == wanted),  # type: ignore[misc]
                protocol=_PROTOCOL,
                instance=instance,
            )
