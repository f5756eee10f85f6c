"""What one client may take of a server: bytes, seconds, connections."""

from dataclasses import dataclass

KIB = 1024

TARGET_BYTES = 8 * KIB
"""Longest request target; longer is answered 414."""

LINE_BYTES = TARGET_BYTES + 64
"""Longest request line: the target, a method and a version."""

FIELDS_BYTES = 16 * KIB
"""Longest header section; longer is answered 431."""

INPUT_BYTES = 32 * KIB
"""Bytes kept unread of a client that pipelines; above one whole head, so a legal request always fits."""

PIPELINE_BURST = 32
"""Requests of one connection answered before the others get their turn."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one server process. Time is kept by the sweep, so each time may be off by `sweep_s` either way."""

    connections: int = 20_000
    """Open connections; one more is answered 503 and closed."""
    head_s: float = 10.0
    """From the first byte of a request to the last of its head."""
    idle_s: float = 75.0
    """Between two requests; above the 60 s that load balancers keep a connection, so that they close first."""
    answer_s: float = 60.0
    """For a handler that answers later, and between two chunks of a streamed body."""
    stall_s: float = 20.0
    """For a client that takes no byte of what waits for it."""
    linger_s: float = 2.0
    """After a last answer, until the client has closed; closing at once could reset the answer in flight."""
    sweep_s: float = 1.0
    """Between two looks at the deadlines of all connections."""
    high_water_bytes: int = 256 * KIB
    """Unsent bytes above which no further request of a connection is read and no further chunk is fetched for it."""
