"""RTMP on sockets: the thin shell around `services.ingest.rtmp`.

One connection is one `Session`, at most one `Encoder`, and one reason why it ended, logged in one place.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from typing import cast

from services.common.bus.errors import BusError
from services.common.log import get_logger
from services.common.tasks import spawn
from services.ingest.counts import Counts
from services.ingest.encoder import Edge, Encoder, Introduction, admit
from services.ingest.joining import Refusal
from services.ingest.rtmp.answers import StatusCode
from services.ingest.rtmp.events import (
    Closed,
    ConfigReceived,
    PublishRequested,
    UnitReceived,
    Unpublished,
    Warned,
)
from services.ingest.rtmp.limits import DEFAULT_LIMITS
from services.ingest.rtmp.session import Session

SWEEP_S = 0.05
"""How often timers are looked at: half of what a unit may wait for its message."""

READ_BYTES = 64 * 1024
MAX_UNSENT_BYTES = 64 * 1024
"""An encoder that does not read what little we say is cut off."""

PROTOCOL = "rtmp"
_log = get_logger(__name__)


class Connection(asyncio.Protocol):
    """One socket."""

    def __init__(self, server: "RtmpServer") -> None:
        self._server = server
        self._session = Session(DEFAULT_LIMITS, now=server.clock.monotonic())
        self._transport: asyncio.Transport | None = None
        self.address = ""
        self.encoder: Encoder | None = None
        self._is_closed = False
        self._ending: asyncio.Task[None] | None = None

    # -- the socket -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = self._transport = cast("asyncio.Transport", transport)  # uvloop's are not its subclasses
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)
        reason = self._server.enter(self)
        if reason is not None:
            self._is_closed = True
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.encoder is not None:
            self.encoder.received_bytes += len(data)
        self._server.counts.received_bytes.inc(len(data))
        now = self._server.clock.monotonic()
        view = memoryview(data)
        for start in range(0, len(data), READ_BYTES):
            self._session.receive_data(bytes(view[start : start + READ_BYTES]) if start else data[:READ_BYTES], now)
            self._turn()

    def eof_received(self) -> bool:
        self._session.receive_eof()
        self._turn()
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self._session.receive_eof()
        self._turn()
        self._server.leave(self)

    def pause_writing(self) -> None:
        self.close("the encoder does not read what it is told")

    # -- the session ------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Do what the session says, and send what it has to send."""
        while (event := self._session.next_event()) is not None:
            match event:
                case UnitReceived():
                    if self.encoder is not None:
                        self.encoder.add(event.unit)
                        self._server.counts.units.inc()
                case ConfigReceived():
                    if self.encoder is not None:
                        self.encoder.add_config(event.config)
                case PublishRequested():
                    self._admit(event)
                case Unpublished():
                    self._end_encoder("the encoder stopped publishing", is_clean=True)
                case Warned():
                    _log.info("encoder is odd", remote=self.address, what=event.text)
                case Closed():
                    self._note_closed(event)
                case _:
                    pass
        self._send()

    def _send(self) -> None:
        data = self._session.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _note_closed(self, event: Closed) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._end_encoder(event.reason, is_clean=event.clean)
        self._send()
        if self._transport is not None:
            self._transport.close()
        self._server.counts.closed(event.fault)
        _log.debug("connection closed", remote=self.address, reason=event.reason)

    def _admit(self, request: PublishRequested) -> None:
        if self._transport is not None:
            self._transport.pause_reading()
        who = Introduction(request.candidates, PROTOCOL, self.address, request.encoder)
        spawn(self._answer(who), name=f"admit {self.address}")

    async def _answer(self, who: Introduction) -> None:
        if self._ending is not None:
            await asyncio.wait([self._ending])
        found = await admit(self._server.edge, who, self._become_unmeant)
        if isinstance(found, Refusal):
            unknown = "unknown" in found.reason
            self._server.counts.refused("unknown-key" if unknown else "not-now")
            self._session.reject(StatusCode.UNAUTHORIZED if unknown else StatusCode.BAD_NAME, found.reason)
        elif not self._session.accept():
            await found.close("the encoder left before it was let in", is_clean=False)
        else:
            self.encoder = found
            self._server.counts.accepted.inc()
        self._turn()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _become_unmeant(self, reason: str) -> None:
        code = StatusCode.BAD_NAME if "another" in reason else StatusCode.UNPUBLISHED
        self._session.close(reason, code)
        self._turn()

    def _end_encoder(self, reason: str, *, is_clean: bool) -> None:
        encoder, self.encoder = self.encoder, None
        if encoder is not None:
            self._ending = spawn(encoder.close(reason, is_clean=is_clean), name=f"end {self.address}")
            self._server.note_ending(self._ending)

    def pass_time(self, now: float) -> None:
        """Let time-outs happen."""
        if self.encoder is not None:
            reason = self.encoder.pass_time()
            if reason is not None:
                self.close(reason)
        due = self._session.timeout_at
        if due is not None and now >= due:
            self._session.handle_timer(now)
            self._turn()

    def close(self, reason: str) -> None:
        """End by our own wish."""
        self._session.close(reason)
        self._turn()


class RtmpServer:
    """Accepts encoders on a listening socket."""

    def __init__(
        self, edge: Edge, listener: socket.socket, *, counts: Counts, max_connections: int, max_per_address: int
    ) -> None:
        self.edge = edge
        self.counts = counts
        self.clock = edge.clock
        self._listener = listener
        self._max_connections = max_connections
        self._max_per_address = max_per_address
        self._connections: set[Connection] = set()
        self._by_address: Counter[str] = Counter()
        self._endings: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def encoders(self) -> list[Encoder]:
        """The encoders that are let in."""
        return [c.encoder for c in self._connections if c.encoder is not None]

    def enter(self, connection: Connection) -> str | None:
        """Count a connection in; the reason if there is no room for it."""
        if len(self._connections) >= self._max_connections:
            self.counts.refused("full")
            return "full"
        strangers = self._by_address[connection.address] - self._let_in_from(connection.address)
        if strangers >= self._max_per_address:
            self.counts.refused("address-full")
            return "address-full"
        self._connections.add(connection)
        self._by_address[connection.address] += 1
        return None

    def _let_in_from(self, address: str) -> int:
        if self._by_address[address] < self._max_per_address:
            return 0
        return sum(1 for c in self._connections if c.address == address and c.encoder is not None)

    def leave(self, connection: Connection) -> None:
        """Count a connection out."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._by_address[connection.address] -= 1
            if not self._by_address[connection.address]:
                del self._by_address[connection.address]

    def note_ending(self, task: "asyncio.Task[None]") -> None:
        """Remember an encoder whose last messages are being written."""
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    def disconnect(self, choose: Callable[[Encoder], bool], reason: str) -> int:
        """Close the connections of the encoders chosen; how many."""
        chosen = [c for c in self._connections if c.encoder is not None and choose(c.encoder)]
        for connection in chosen:
            connection.close(reason)
        return len(chosen)

    async def serve(self) -> None:
        """Accept until cancelled."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), sock=self._listener)
        try:
            while True:
                await asyncio.sleep(SWEEP_S)
                now = self.clock.monotonic()
                for connection in list(self._connections):
                    connection.pass_time(now)
        finally:
            self._server.close()

    async def drain(self) -> None:
        """Accept nobody new, send the encoders away, and write what they sent."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close("the server is going away")
        while self._endings:
            await asyncio.wait(self._endings)
        try:
            await self.edge.spine.bus.flush()
        except BusError as error:
            _log.warning("left the bus with media unsent", reason=repr(error))
