"""What a server has done, as plain integers that anybody may read at any time."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Totals since the server started, but for `open_connections` and `waiting`, which are of this moment."""

    open_connections: int = 0
    connections: int = 0
    refused_connections: int = 0
    """Answered 503 because the server was full."""
    requests: int = 0
    """Answers begun; a request whose client went away first is in `cancelled` instead."""
    bytes: int = 0
    """Body bytes handed to the transports."""
    waiting: int = 0
    """Requests whose answer is still to come."""
    cancelled: int = 0
    """Requests whose client went away before the answer."""
    timed_out: int = 0
    """Connections ended for a slow head, an idle time or a client that did not read."""
    malformed: int = 0
    """Requests that were no HTTP, or above a limit."""
    classes: list[int] = field(default_factory=lambda: [0] * 6)
    """Answers by hundreds of the status: `classes[2]` counts 2xx."""
