"""One encoder's socket: the thin shell around `services.ingest.rtmp`.

A connection is one `Session`, at most one `Encoder` at a time, and one reason why it ended.
"""

import asyncio
import os
import socket
from typing import Protocol, cast

from services.common.clock import Clock
from services.common.log import get_logger
from services.common.media.unit import Unit
from services.common.tasks import spawn
from services.ingest.admission import admit
from services.ingest.counts import Counts
from services.ingest.edge import Edge, Introduction
from services.ingest.encoder import Encoder
from services.ingest.joining import Loss, Refusal, Why
from services.ingest.rtmp.answers import StatusCode
from services.ingest.rtmp.events import (
    Closed,
    CodecRefused,
    ConfigReceived,
    Event,
    Fault,
    PublishRequested,
    Unpublished,
    Warned,
)
from services.ingest.rtmp.limits import DEFAULT_LIMITS
from services.ingest.rtmp.session import Session
from services.ingest.rtmp.state import State

READ_BYTES = 64 * 1024
"""What a stranger's session is given at a time."""
ENCODER_READ_BYTES = 512 * 1024
"""What an encoder's session is given at each of the server's beats: with them, the bound of what one may send."""
MAX_UNSENT_BYTES = 64 * 1024
"""An encoder that does not read what little we say is cut off."""
LINGER_S = 3.0
"""How long a closed connection may take to read our last words; what it sends meanwhile is thrown away. Closed at
once, it would be reset by its own unread bytes, and the encoder would not know why."""

_ESTABLISHED = b"\x01"
"""The first byte of TCP_INFO, where neither side has hung up (tcp(7))."""

PROTOCOL = "rtmp"
_log = get_logger(__name__)

_STATUS = {
    Why.UNKNOWN_KEY: StatusCode.UNAUTHORIZED,
    Why.DISABLED: StatusCode.BAD_NAME,
    Why.HELD: StatusCode.REJECTED,
    Why.LOG_FULL: StatusCode.REJECTED,
    Why.BUSY: StatusCode.REJECTED,
    Why.AWAY: StatusCode.REJECTED,
    Why.LEFT: StatusCode.REJECTED,
}
"""What an encoder is told, beside the reason in words."""


class Host(Protocol):
    """The server, as its connections see it."""

    edge: Edge
    counts: Counts
    clock: Clock

    def enter(self, connection: "Connection") -> str | None:
        """Count a connection in; the reason if there is no room for it."""
        ...

    def leave(self, connection: "Connection") -> None:
        """Count it out."""
        ...

    def note_encoder(self, connection: "Connection") -> None:
        """It has an encoder now, or has none any more."""
        ...

    def note_ending(self, task: "asyncio.Task[None]") -> None:
        """An encoder's last messages are being written."""
        ...


class Connection(asyncio.Protocol):
    """One socket."""

    def __init__(self, host: Host) -> None:
        self.address = ""
        self.encoder: Encoder | None = None
        self._host = host
        self._now = host.clock.monotonic
        self._received_bytes = host.counts.received_bytes
        self._units = host.counts.units
        self._session = Session(DEFAULT_LIMITS, now=self._now())
        self._transport: asyncio.Transport | None = None
        self._fd = -1
        self._is_closed = False
        self._is_known = False
        """True once there is nothing more to say of it as a stranger: it showed a key, or left by itself."""
        self._abort_at: float | None = None
        self._ending: asyncio.Task[None] | None = None

    # -- the socket -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = self._transport = cast("asyncio.Transport", transport)  # uvloop's are not its subclasses
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        peer_socket = transport.get_extra_info("socket")
        peer_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._fd = peer_socket.fileno()
        transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)
        reason = self._host.enter(self)
        if reason is not None:
            self._is_closed = True
            self._host.counts.refused(reason)
            _log.warning("no room for a connection", reason=reason, remote=self.address)
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what a stranger says; encoders are read by `read`."""
        if self._is_closed:
            return
        self._received_bytes.inc(len(data))
        for start in range(0, len(data), READ_BYTES):
            self._session.receive_data(data[start : start + READ_BYTES], self._now())
            self._turn()

    def read(self) -> None:
        """Take what an encoder has sent since the last time.

        Straight from the socket, which the event loop does not watch meanwhile: told to stop and go on each time, it
        wakes up for the first bytes of each encoder only to see that nobody wants them yet.
        """
        encoder, transport = self.encoder, self._transport
        if encoder is None or transport is None or transport.is_closing():
            return
        try:
            data = os.read(self._fd, ENCODER_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:  # the transport tells of it as of any connection that is lost
            transport.abort()
            return
        if not data:
            self.eof_received()
            transport.close()
            return
        self._received_bytes.inc(len(data))
        encoder.received_bytes += len(data)
        self._session.receive_data(data, self._now())
        self._turn()

    def eof_received(self) -> bool:
        self._is_known = True
        self._session.receive_eof()
        self._turn()
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self._is_known = True
        self._session.receive_eof()
        self._turn()
        self._host.leave(self)

    def _watch(self) -> None:
        """Let the event loop read: there is no encoder (any more), and no answer is due."""
        transport = self._transport
        if transport is not None and not transport.is_closing() and self._session.state is not State.REQUESTED:
            transport.resume_reading()

    def abort(self) -> None:
        """Cut it off; what it has sent until now is kept."""
        if self._transport is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        self.close("the encoder does not read what it is told")
        if self._transport is not None:
            self._transport.abort()

    # -- the session ------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Do what the session says, and send what it has to send."""
        next_event, now, units = self._session.next_event, self._now(), 0
        while (event := next_event()) is not None:
            if isinstance(event, Unit):
                if self.encoder is not None:
                    self.encoder.add(event, now)
                    units += 1
            else:
                self._take(event)
        self._units.inc(units)
        if not self._is_closed:
            self._send()

    def _take(self, event: Event) -> None:
        match event:
            case ConfigReceived():
                if self.encoder is not None:
                    self.encoder.add_config(event.config)
            case PublishRequested():
                self._admit(event)
            case Unpublished():
                self._end_encoder("the encoder stopped publishing", "peer", is_clean=True)
            case CodecRefused():
                if self.encoder is not None:
                    self.encoder.say_refused(event)
            case Warned():
                _log.info("encoder is odd", remote=self.address, what=event.text)
            case Closed():
                self._note_closed(event)
            case _:
                pass

    def _send(self) -> bool:
        data = self._session.data_to_send()
        if not data or self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        return True

    def _note_closed(self, event: Closed) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self.encoder is not None:
            self._end_encoder(event.reason, event.fault, is_clean=event.clean)
        elif not self._is_known and event.fault == "peer":
            self._host.counts.refused("stranger")
            _log.warning("stranger cut off", remote=self.address, reason=event.reason)
        self._hang_up()

    def _hang_up(self) -> None:
        transport = self._transport
        has_last_words = self._send()
        if transport is None or transport.is_closing():
            return
        self._abort_at = self._now() + LINGER_S
        if not has_last_words:
            transport.close()
            return
        try:
            transport.write_eof()
            transport.resume_reading()
        except OSError:  # the encoder has reset the connection, and nobody has read that yet
            transport.abort()

    # -- the encoder ------------------------------------------------------------------------------

    def _admit(self, request: PublishRequested) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        who = Introduction(request.candidates, PROTOCOL, self.address, request.encoder, self._is_here)
        spawn(self._answer(who), name=f"admit {self.address}")

    async def _answer(self, who: Introduction) -> None:
        if self._ending is not None:
            await asyncio.wait([self._ending])
        found = await admit(self._host.edge, who, self._lose)
        self._is_known = True
        if isinstance(found, Refusal):
            self._host.counts.refused(found.why)
            self._session.reject(_STATUS[found.why], found.reason)
        elif not self._session.accept(refuses_sound=found.refuses_sound):
            self._end(found, "the encoder left before it was let in", is_clean=False)
        else:
            self.encoder = found
            self._host.counts.accepted.inc()
            self._host.note_encoder(self)
        self._turn()
        if self.encoder is None:
            self._watch()

    def _is_here(self) -> bool:
        """Asked of the kernel: while an encoder is admitted nothing is read, so nobody else hears that it has gone."""
        transport = self._transport
        if self._is_closed or transport is None or transport.is_closing():
            return False
        try:
            found = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        except (OSError, ValueError):  # uvloop's says ValueError of one that is closed
            return False
        return bytes(found) == _ESTABLISHED

    def _lose(self, why: Loss, linger_until_us: int) -> None:
        """The encoder is no longer meant; it may keep its connection until then."""
        if linger_until_us and self.encoder is not None:
            self.encoder.linger(linger_until_us)
            return
        self._session.close(why.value, StatusCode.BAD_NAME if why is Loss.TAKEN_OVER else StatusCode.UNPUBLISHED)
        self._turn()

    def _end_encoder(self, reason: str, fault: Fault, *, is_clean: bool) -> None:
        encoder, self.encoder = self.encoder, None
        if encoder is None:
            return
        self._host.note_encoder(self)
        self._host.counts.closed(fault)
        self._end(encoder, reason, is_clean=is_clean)
        if not self._is_closed:
            self._watch()

    def _end(self, encoder: Encoder, reason: str, *, is_clean: bool) -> None:
        self._ending = spawn(encoder.close(reason, is_clean=is_clean), name=f"end {self.address}")
        self._host.note_ending(self._ending)

    # -- time -------------------------------------------------------------------------------------

    def pass_time(self, now: float) -> None:
        """Let what the encoder has sent be written, and its rate be judged."""
        if self.encoder is not None:
            reason = self.encoder.pass_time(now)
            if reason is not None:
                self.close(reason)

    def check_deadlines(self, now: float) -> None:
        """Let time-outs happen."""
        if self._abort_at is not None and now >= self._abort_at and self._transport is not None:
            self._transport.abort()
        due = self._session.timeout_at
        if due is not None and now >= due:
            self._session.handle_timer(now)
            self._turn()

    def close(self, reason: str) -> None:
        """End by our own wish."""
        self._session.close(reason)
        self._turn()
