"""One connection's end of the media log: in order, once, and nothing forgotten before the log has it.

The rules of design.md section 4, point 1: a bounded number of messages is in flight. After a failed acknowledgement or
a disconnect the writer stops and sends again from the first unacknowledged message, before anything new, under the same
ids. While NATS is away a bounded backlog holds; when it overflows whole GOPs are dropped, and that is said.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from services.common.bus.client import Payload
from services.common.bus.errors import BusError, Refused, TooLarge, Unavailable
from services.common.bus.log import Log
from services.common.clock import Clock
from services.common.log import get_logger
from services.common.media.framing import Head, Kind, encode_closed, encode_head
from services.common.tasks import cancel, spawn
from services.common.telemetry import outgoing
from services.ingest.backlog import NOTHING, Backlog
from services.ingest.batcher import Body

RETRY_S = 0.1
REFUSED_RETRY_S = 1.0
ACK_TIMEOUT_S = 2.0
FOLLOW_S = 5.0
"""How long a connection waits for the last messages of the one before it on the same subject."""

_TOO_LARGE_FOR_STREAM = 10054

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LogLimits:
    """Bounds of what waits. The time is below the stream's duplicate window (services/common/spine.py)."""

    in_flight: int = 32
    buffer_bytes: int = 64_000_000
    buffer_s: float = 90.0


@dataclass(slots=True, eq=False)
class _Sent:
    n: int
    body: Body | None
    """None: the connection's last message."""
    is_stored: bool = False
    ack: "asyncio.Future[int] | None" = None


Dropped = Callable[[int, int], None]
"""Told of units and bytes that were dropped."""


class MediaLogWriter:
    """Writes one connection's messages. `connection` is its number; `subject` the instance's media log.

    `after` is an earlier connection's writer to the same subject: readers ignore what comes of it once they have seen
    the later connection, so its last messages go first.
    """

    def __init__(
        self,
        log: Log,
        subject: str,
        *,
        connection: int,
        limits: LogLimits,
        clock: Clock,
        on_drop: Dropped,
        after: "MediaLogWriter | None" = None,
    ) -> None:
        self.finished = asyncio.Event()
        """Set when the last message is in the log, or the writer has given up."""
        self._log = log
        self._subject = subject
        self._connection = connection
        self._in_flight_limit = limits.in_flight
        self._clock = clock
        self._on_drop = on_drop
        self._backlog = Backlog(limit_bytes=limits.buffer_bytes, limit_s=limits.buffer_s)
        self._in_flight: deque[_Sent] = deque()
        self._n = 0
        self._trace = outgoing()
        """Goes with the first message: what comes of the connection belongs to the trace in which it was let in."""
        self._closing: tuple[str, bool] | None = None
        self._has_said_closed = False
        self._mending: asyncio.Task[None] | None = None
        if after is not None and not after.finished.is_set():
            self._mending = spawn(self._follow(after), name=f"media log {connection} waits for its predecessor")

    @property
    def buffered_bytes(self) -> int:
        """Media that the log is not known to have."""
        return self._backlog.bytes + sum(len(s.body.entries) for s in self._in_flight if s.body is not None)

    def write(self, body: Body) -> None:
        """Hand a message over; never blocks."""
        self._tell(self._backlog.put(body))
        self._pump()
        if self._backlog.bytes:
            self._tell(self._backlog.trim(self._clock.monotonic()))

    def _tell(self, dropped: tuple[int, int]) -> None:
        if dropped != NOTHING:
            self._on_drop(*dropped)

    async def close(self, reason: str, *, is_clean: bool, timeout_s: float) -> bool:
        """Write what waits and the last message; False if the log did not take it in time."""
        self._closing = (reason, is_clean)
        self._pump()
        try:
            async with asyncio.timeout(timeout_s):
                await self.finished.wait()
        except TimeoutError:
            return False
        finally:
            self.finished.set()
            self._tell(self._backlog.clear())
            if self._mending is not None:
                await cancel(self._mending)
        return True

    # -- while all goes well ----------------------------------------------------------------------

    def _pump(self) -> None:
        """Send what may be sent."""
        if self._mending is not None or self.finished.is_set():
            return
        try:
            while len(self._backlog) and len(self._in_flight) < self._in_flight_limit:
                self._send_new(self._backlog.pop())
            if self._closing is not None and not len(self._backlog) and not self._has_said_closed:
                self._has_said_closed = True
                self._send_new(None)
        except BusError:
            self._mend()
        if self._has_said_closed and not self._in_flight:
            self.finished.set()

    def _send_new(self, body: Body | None) -> None:
        self._n += 1
        sent = _Sent(self._n, body)
        self._in_flight.append(sent)
        self._send(sent)

    def _send(self, sent: _Sent) -> "asyncio.Future[int]":
        sent.ack = self._log.append_nowait(
            self._subject,
            self._message(sent),
            msg_id=f"{self._connection}-{sent.n}",
            headers=self._trace if sent.n == 1 else None,
            timeout_s=ACK_TIMEOUT_S,
        )
        sent.ack.add_done_callback(partial(self._hear, sent))
        return sent.ack

    def _message(self, sent: _Sent) -> Payload:
        if sent.body is None:
            reason, is_clean = self._closing or ("", False)
            return encode_closed(connection=self._connection, n=sent.n, reason=reason, is_clean=is_clean)
        held_ms = max(0, round((self._clock.monotonic() - sent.body.accepted_at) * 1000))
        head = Head(self._connection, sent.n, Kind.UNITS, sent.body.count, held_ms)
        return encode_head(head), sent.body.entries

    def _hear(self, sent: _Sent, ack: "asyncio.Future[int]") -> None:
        if ack.cancelled():
            return
        if ack.exception() is not None:
            if ack is sent.ack and not sent.is_stored:
                self._mend()
            return
        sent.is_stored = True
        while self._in_flight and self._in_flight[0].is_stored:
            self._in_flight.popleft()
        self._pump()

    # -- after something went wrong ---------------------------------------------------------------

    def _mend(self) -> None:
        if self._mending is None and not self.finished.is_set():
            self._mending = spawn(self._send_again(), name=f"media log {self._connection} sends again")

    async def _follow(self, previous: "MediaLogWriter") -> None:
        try:
            async with asyncio.timeout(FOLLOW_S):
                await previous.finished.wait()
        except TimeoutError:
            _log.warning("the connection before this one does not end", connection=self._connection)
        self._mending = None
        self._pump()

    async def _send_again(self) -> None:
        """Bring what is in flight into the log, from the first, before anything new is sent."""
        pause_s = RETRY_S
        while self._in_flight:
            await asyncio.sleep(pause_s)
            await self._log.bus.wait_connected()
            pause_s = await self._resend()
        self._mending = None
        self._pump()

    async def _resend(self) -> float:
        """Send again what is not in the log; how many seconds to wait before the next time.

        The first goes alone: a server that is too slow to answer is not helped by the others.
        """
        first, *others = [sent for sent in self._in_flight if not sent.is_stored]
        try:
            await self._send(first)
        except Unavailable:
            return RETRY_S
        except BusError as error:
            return self._give_way(first, error)
        try:
            await asyncio.gather(*[self._send(sent) for sent in others])
        except BusError:  # whose turn it is to go alone will tell
            return RETRY_S
        return 0.0

    def _give_way(self, sent: _Sent, error: BusError) -> float:
        """What is refused for its size is refused for ever: an empty message takes its number. Else try later."""
        _log.error("the media log refuses a message", subject=self._subject, reason=repr(error))
        is_too_large = isinstance(error, TooLarge) or (
            isinstance(error, Refused) and error.err_code == _TOO_LARGE_FOR_STREAM
        )
        if not is_too_large or sent.body is None or not sent.body.entries:
            return REFUSED_RETRY_S
        self._on_drop(sent.body.units, len(sent.body.entries))
        sent.body = replace(sent.body, entries=b"", count=0, units=0)
        return 0.0
