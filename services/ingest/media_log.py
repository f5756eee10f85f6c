"""One connection's end of the media log: in order, once, and nothing forgotten before the log has it.

Design.md section 4, point 1. A bounded number of messages is in flight. After a failed acknowledgement or a disconnect
the writer stops and sends again from the first unacknowledged message, before anything new, under the same ids. While
NATS is away a bounded buffer holds; when it overflows whole GOPs are dropped, and that is said.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from services.common.bus.errors import BusError, Unavailable
from services.common.bus.log import Log
from services.common.clock import Clock
from services.common.log import get_logger
from services.common.media.framing import Head, Kind, encode_closed, encode_head
from services.common.tasks import cancel, spawn
from services.ingest.batcher import Body

RETRY_S = 0.1
ACK_TIMEOUT_S = 2.0

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LogLimits:
    """Bounds of what waits."""

    in_flight: int = 32
    buffer_bytes: int = 64_000_000


@dataclass(slots=True)
class _Sent:
    n: int
    body: Body | None
    """None: the connection's last message."""
    ack: "asyncio.Future[int] | None" = None


Dropped = Callable[[int, int], None]
"""Told of units and bytes that were dropped."""


class MediaLogWriter:
    """Writes one connection's messages. `connection` is its number; `subject` the instance's media log."""

    def __init__(
        self, log: Log, subject: str, *, connection: int, limits: LogLimits, clock: Clock, on_drop: Dropped
    ) -> None:
        self._log = log
        self._subject = subject
        self._connection = connection
        self._limits = limits
        self._clock = clock
        self._on_drop = on_drop
        self._waiting: deque[Body] = deque()
        self._waiting_bytes = 0
        self._in_flight: deque[_Sent] = deque()
        self._n = 0
        self._closing: tuple[str, bool] | None = None
        self._news = asyncio.Event()
        self._is_skipping = False
        self._has_said_closed = False
        self._writer = spawn(self._write(), name=f"media log {connection}")

    @property
    def buffered_bytes(self) -> int:
        """Media that the log is not known to have."""
        return self._waiting_bytes + sum(len(s.body.entries) for s in self._in_flight if s.body is not None)

    def write(self, body: Body) -> None:
        """Hand a message over; never blocks."""
        if self._is_skipping and not body.begins_gop:
            self._on_drop(body.units, len(body.entries))
            return
        self._is_skipping = False
        self._waiting.append(body)
        self._waiting_bytes += len(body.entries)
        if self._waiting_bytes > self._limits.buffer_bytes:
            self._drop_gop()
        self._news.set()

    def _drop_gop(self) -> None:
        """Drop the oldest whole GOP that has not been sent; what was sent must be sent again in any case."""
        units = size = 0
        while self._waiting and (not units or not self._waiting[0].begins_gop):
            body = self._waiting.popleft()
            units, size = units + body.units, size + len(body.entries)
        self._waiting_bytes -= size
        self._is_skipping = not self._waiting
        self._on_drop(units, size)

    async def close(self, reason: str, *, is_clean: bool, timeout_s: float) -> bool:
        """Write what waits and the last message; False if the log did not take it in time."""
        self._closing = (reason, is_clean)
        self._news.set()
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(self._writer)
        except TimeoutError:
            return False
        finally:
            await cancel(self._writer)
        return True

    # -- the one writer ---------------------------------------------------------------------------

    async def _write(self) -> None:
        while True:
            try:
                self._send_what_may_be_sent()
                if self._is_done():
                    return
                await self._wait_for_more()
            except Unavailable:
                await self._start_over()
            except BusError as error:
                _log.error("the media log refuses a message", subject=self._subject, reason=repr(error))
                await asyncio.sleep(RETRY_S)
                await self._start_over()

    def _is_done(self) -> bool:
        return self._has_said_closed and not self._in_flight

    def _send_what_may_be_sent(self) -> None:
        while len(self._in_flight) < self._limits.in_flight and self._waiting:
            body = self._waiting.popleft()
            self._waiting_bytes -= len(body.entries)
            self._append(body)
        if self._closing is not None and not self._waiting and not self._has_said_closed:
            self._has_said_closed = True
            self._append(None)

    def _append(self, body: Body | None) -> None:
        self._n += 1
        sent = _Sent(self._n, body)
        self._in_flight.append(sent)
        self._send(sent)

    def _send(self, sent: _Sent) -> None:
        sent.ack = self._log.append_nowait(
            self._subject,
            self._message(sent),
            msg_id=f"{self._connection}-{sent.n}",
            timeout_s=ACK_TIMEOUT_S,
        )
        sent.ack.add_done_callback(self._wake)

    def _message(self, sent: _Sent) -> bytes:
        if sent.body is None:
            reason, is_clean = self._closing or ("", False)
            return encode_closed(connection=self._connection, n=sent.n, reason=reason, is_clean=is_clean)
        held_ms = max(0, round((self._clock.monotonic() - sent.body.accepted_at) * 1000))
        head = Head(self._connection, sent.n, Kind.UNITS, sent.body.count, held_ms)
        return encode_head(head) + sent.body.entries

    def _wake(self, _ack: "asyncio.Future[int]") -> None:
        self._news.set()

    async def _wait_for_more(self) -> None:
        """Return when there is something to do; raises what an acknowledgement raised."""
        await self._news.wait()
        self._news.clear()
        while self._in_flight and (ack := self._in_flight[0].ack) is not None and ack.done():
            ack.result()
            self._in_flight.popleft()

    async def _start_over(self) -> None:
        """Send again what is in flight, from the first, as soon as NATS is there."""
        while True:
            try:
                if self._log.bus.is_connected:
                    await asyncio.sleep(RETRY_S)
                await self._log.bus.wait_connected()
                for sent in self._in_flight:
                    self._send(sent)
            except Unavailable:
                continue
            self._news.set()
            return
