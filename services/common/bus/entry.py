"""One message of a log, as it is read back."""

from collections.abc import Mapping
from typing import NamedTuple

from services.common.bus.errors import Refused
from services.common.bus.wire import Reply, parse_answer, parse_headers, parse_time_us, status_of


class Entry(NamedTuple):
    """`sequence` counts in the stream, from 1; `time_us` is JetStream's stamp in Unix microseconds."""

    subject: str
    sequence: int
    time_us: int
    payload: bytes
    raw_headers: bytes = b""

    @property
    def headers(self) -> Mapping[str, str]:
        """Parsed when asked for: readers of media never do."""
        return parse_headers(self.raw_headers)


def parse_stored(reply: Reply) -> Entry | bool:
    """The answer to a direct get (ADR-31): the entry, or False if there is none."""
    status = status_of(reply.headers)
    if status == 404:
        return False
    if status == 408:
        raise Refused(408, 0, "direct get was malformed")
    headers = parse_headers(reply.headers)
    if "Nats-Sequence" not in headers:
        parse_answer(reply)
        raise ValueError("a direct get without a sequence")
    return Entry(
        headers["Nats-Subject"],
        int(headers["Nats-Sequence"]),
        parse_time_us(headers["Nats-Time-Stamp"]),
        reply.payload,
        reply.headers,
    )
