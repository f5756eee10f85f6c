"""The port table: every port a program or a part listens on by default. `HEADWATER_PORT_OFFSET` moves all of them."""

from typing import Final

PROGRAMS: Final = ("api", "ingest", "packager", "origin", "archiver", "stats", "relay")
"""Our programs, in the order of their metrics and gRPC ports; append only."""

REST: Final = 8080
ORIGIN: Final = 8088
RTMP: Final = 1935
RTMPS: Final = 1936
SRT: Final = 8890
"""UDP."""
WHIP: Final = 8889
GRPC: Final = 50051
"""The public one, api's."""
INTERNAL_GRPC: Final = 9564
"""The programs' among themselves, in the order of PROGRAMS: below the ports that Linux gives to outgoing connections
(32768 to 60999), one of which could hold such a port for hours."""
METRICS: Final = 9464
"""The first program's; the others have the next ones."""

NATS: Final = 4222
NATS_MONITOR: Final = 8222
REDIS: Final = 6379
S3: Final = 9000


def metrics_port(program: str) -> int:
    """Where a program serves /metrics, /healthz and /readyz, before the offset."""
    return METRICS + _place(program)


def grpc_port(program: str) -> int:
    """Where a program answers gRPC, before the offset."""
    return GRPC if program == "api" else INTERNAL_GRPC + _place(program)


def _place(program: str) -> int:
    return PROGRAMS.index(program) if program in PROGRAMS else len(PROGRAMS)
