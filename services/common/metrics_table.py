"""Every metric of every program: the only file that spells a metric's name.

A label has few values, known beforehand: never an id of a connection, a session, a livestream or a broadcast. Those
are in logs and in the API. A new metric is a new line here; dashboards and docs are held against this table.
"""

from dataclasses import dataclass
from enum import StrEnum


class MetricKind(StrEnum):
    """How a metric behaves, in Prometheus' words."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One row. `unit` is the last word of the name, before `_total`; "" counts things."""

    name: str
    kind: MetricKind
    unit: str
    description: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets."""


C, G, H = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM

LABELS = frozenset(
    {"instance", "protocol", "reason", "result", "method", "code", "kind", "program", "replica", "version", "name"}
)
"""Labels there may be."""

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Buckets for what should take milliseconds, in seconds."""
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Buckets for what may take minutes, in seconds."""

METRICS: tuple[Metric, ...] = (
    # every program
    Metric("headwater_info", G, "", "1, with who this is as labels.", ("program", "replica", "version")),
    Metric("process_cpu_seconds_total", C, "seconds", "CPU time this process has used."),
    Metric("process_resident_memory_bytes", G, "bytes", "Memory this process has resident."),
    Metric("process_open_fds", G, "", "Open file descriptors."),
    Metric("process_start_time_seconds", G, "seconds", "When this process started, since the Unix epoch."),
    Metric("headwater_rpc_calls_total", C, "", "gRPC calls answered.", ("method", "code")),
    Metric("headwater_rpc_duration_seconds", H, "seconds", "Time to answer a unary gRPC call.", ("method",), FAST),
    # bus and object store, as each program sees them
    Metric("headwater_bus_connected", G, "", "1 while NATS is connected."),
    Metric("headwater_bus_reconnects_total", C, "", "Times the connection to NATS came back."),
    Metric("headwater_objects_requests_total", C, "", "Requests to the object store.", ("kind", "result")),
    Metric("headwater_objects_bytes_total", C, "bytes", "Bytes to and from the object store.", ("kind",)),
    Metric("headwater_objects_available", G, "", "1 while the object store answers."),
    # ingest
    Metric("headwater_ingest_connections", G, "", "Encoders connected.", ("protocol", "instance")),
    Metric("headwater_ingest_accepted_total", C, "", "Encoders that were let in.", ("protocol",)),
    Metric("headwater_ingest_refused_total", C, "", "Connections that were refused.", ("protocol", "reason")),
    Metric("headwater_ingest_closed_total", C, "", "Encoder connections that ended.", ("protocol", "reason")),
    Metric("headwater_ingest_received_bytes_total", C, "bytes", "Bytes read from encoders.", ("protocol",)),
    Metric("headwater_ingest_units_total", C, "", "Access units accepted.", ("protocol",)),
    Metric("headwater_ingest_dropped_units_total", C, "", "Access units dropped by whole GOPs, the buffer being full."),
    Metric("headwater_ingest_buffered_bytes", G, "bytes", "Media not yet acknowledged by the log."),
    # packager
    Metric("headwater_packager_broadcasts", G, "", "Broadcasts this packager writes."),
    Metric("headwater_packager_ticks_total", C, "", "Ticks written to the CMAF log."),
    Metric("headwater_packager_written_bytes_total", C, "bytes", "Bytes written to the CMAF log."),
    Metric("headwater_packager_segments_total", C, "", "Segments closed."),
    Metric("headwater_packager_fenced_total", C, "", "Times the log refused this packager as another had taken over."),
    Metric("headwater_packager_resumed_total", C, "", "Broadcasts taken over in mid-stream."),
    Metric("headwater_packager_switches_total", C, "", "Changes of the instance on air.", ("instance", "reason")),
    Metric("headwater_packager_on_air", G, "", "Broadcasts by the instance on air.", ("instance",)),
    Metric("headwater_packager_discontinuities_total", C, "", "Discontinuities in the program."),
    Metric("headwater_packager_lost_messages_total", C, "", "Messages missing or unreadable in the media log."),
    Metric(
        "headwater_packager_part_delay_seconds",
        H,
        "seconds",
        "From the log's stamp on a part's last unit to the part.",
        (),
        FAST,
    ),
    # origin
    Metric("headwater_origin_requests_total", C, "", "Requests answered.", ("kind", "code")),
    Metric("headwater_origin_sent_bytes_total", C, "bytes", "Bytes of answers.", ("kind",)),
    Metric("headwater_origin_waiting", G, "", "Requests that wait for a part or a playlist."),
    Metric("headwater_origin_connections", G, "", "Open connections of viewers."),
    Metric("headwater_origin_broadcasts", G, "", "Broadcasts this origin follows."),
    Metric("headwater_origin_store_reads_total", C, "", "Segments read from the object store.", ("result",)),
    # archiver
    Metric("headwater_archiver_segments_total", C, "", "Segments stored.", ("result",)),
    Metric("headwater_archiver_stored_bytes_total", C, "bytes", "Bytes of segments stored."),
    Metric("headwater_archiver_store_duration_seconds", H, "seconds", "Time to store one segment.", (), SLOW),
    Metric("headwater_archiver_waiting_segments", G, "", "Segments in the log that are not stored yet."),
    Metric("headwater_archiver_media_total", C, "", "Recordings finished."),
    Metric("headwater_archiver_conversions_total", C, "", "Conversions ended.", ("kind", "result")),
    # api
    Metric("headwater_api_requests_total", C, "", "REST requests answered.", ("method", "code")),
    Metric("headwater_api_request_duration_seconds", H, "seconds", "Time to answer a REST request.", ("method",), FAST),
    Metric("headwater_api_livestreams", G, "", "Livestreams there are."),
    Metric("headwater_api_deliveries_waiting", G, "", "Deliveries to webhooks that are due, or will be."),
    Metric("headwater_api_webhook_attempts_total", C, "", "Attempts to deliver to a webhook.", ("result",)),
    Metric("headwater_api_redis_available", G, "", "1 while Redis answers."),
    # stats
    Metric("headwater_stats_facts_total", C, "", "Facts taken from the bus.", ("kind",)),
    Metric("headwater_stats_encoders", G, "", "Encoders connected, all replicas together.", ("instance",)),
    Metric("headwater_stats_viewers", G, "", "Viewers, all replicas together."),
    Metric("headwater_stats_redis_available", G, "", "1 while Redis answers."),
    Metric("headwater_stats_blocks_total", C, "", "Blocks of samples written to the object store."),
    Metric(
        "headwater_stats_unstored_seconds",
        G,
        "seconds",
        "For how long samples have been due for the object store without getting there; 0 if all are there.",
    ),
    Metric("headwater_log_bytes", G, "bytes", "Bytes held by the media and CMAF streams.", ("kind",)),
    Metric("headwater_log_limit_bytes", G, "bytes", "Bytes those streams may hold.", ("kind",)),
)
