"""What ingest counts."""

from collections.abc import Callable, Iterable

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
        """Count who was not let in: a `Why`, "full", "address-full", or "stranger" for one that broke the rules."""
        metrics.counter("headwater_ingest_refused_total", protocol=_PROTOCOL, reason=reason).inc()

    def closed(self, fault: str) -> None:
        """Count an encoder that left ("peer") or was sent away ("local")."""
        metrics.counter("headwater_ingest_closed_total", protocol=_PROTOCOL, reason=fault).inc()

    def observe(self, encoders: Callable[[], Iterable[Encoder]]) -> None:
        """Show what is connected, at each scrape."""
        metrics.observe("headwater_ingest_buffered_bytes", lambda: sum(e.buffered_bytes for e in encoders()))
        for instance in ("primary", "secondary"):
            metrics.observe(
                "headwater_ingest_connections",
                lambda wanted=instance: sum(1 for e in encoders() if e.key.instance == wanted),  # type: ignore[misc]
                protocol=_PROTOCOL,
                instance=instance,
            )
