"""RTMP's listening socket: who may connect, how many, and how long."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable

from services.common.beat import beat
from services.common.bus.errors import BusError
from services.common.log import get_logger
from services.ingest.counts import Counts
from services.ingest.edge import Edge
from services.ingest.encoder import Encoder
from services.ingest.rtmp_connection import Connection

BEAT_S = 0.05
"""Encoders are read together, this often, and it is looked whether units have waited long enough: waking up for each of
their 77 units a second costs more than the units do. It also bounds what one may send at once. Half of it, on average,
is added to the delay."""
DEADLINES_S = 0.5
"""How often time-outs are looked at."""
STALL_S = 1.0
"""A process that stood still this long reads what has come meanwhile before it calls anybody late."""
BACKLOG = 4096
"""Encoders that wait to be accepted, above all while a killed ingest is started again."""

_log = get_logger(__name__)


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
        self._publishing: set[Connection] = set()
        self._strangers: Counter[str] = Counter()
        self._endings: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._swept_at = self._checked_at = self.clock.monotonic()
        edge.keys.on_withdrawn = self._note_withdrawn

    @property
    def encoders(self) -> list[Encoder]:
        """The encoders that are let in."""
        return [connection.encoder for connection in self._publishing if connection.encoder is not None]

    @property
    def connections(self) -> int:
        """How many connections there are, strangers included."""
        return len(self._connections)

    # -- what connections tell --------------------------------------------------------------------

    def enter(self, connection: Connection) -> str | None:
        """Count a connection in; the reason if there is no room for it."""
        if len(self._connections) >= self._max_connections:
            return "full"
        if self._strangers[connection.address] >= self._max_per_address:
            return "address-full"
        self._connections.add(connection)
        self._strangers[connection.address] += 1
        return None

    def leave(self, connection: Connection) -> None:
        """Count a connection out."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._forget_stranger(connection.address)

    def note_encoder(self, connection: Connection) -> None:
        """A connection has shown a key, or its encoder has ended and it is a stranger again."""
        if connection.encoder is not None:
            self._publishing.add(connection)
            self._forget_stranger(connection.address)
        else:
            self._publishing.discard(connection)
            self._strangers[connection.address] += 1

    def _forget_stranger(self, address: str) -> None:
        self._strangers[address] -= 1
        if self._strangers[address] <= 0:
            del self._strangers[address]

    def note_ending(self, task: "asyncio.Task[None]") -> None:
        """Remember an encoder whose last messages are being written."""
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    # -- orders -----------------------------------------------------------------------------------

    def disconnect(self, choose: Callable[[Encoder], bool], reason: str) -> int:
        """Close the connections of the encoders chosen; how many."""
        chosen = [c for c in self._publishing if c.encoder is not None and choose(c.encoder)]
        for connection in chosen:
            connection.close(reason)
        return len(chosen)

    def _note_withdrawn(self, key_name: str) -> None:
        self.disconnect(lambda encoder: encoder.key_name == key_name, "the stream key was withdrawn")

    # -- life -------------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Accept until cancelled."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), sock=self._listener, backlog=BACKLOG)
        self._swept_at = self._checked_at = self.clock.monotonic()
        try:
            while True:
                await beat(BEAT_S)
                self._sweep(self.clock.monotonic())
                self._read()
        finally:
            self._server.close()

    def _sweep(self, now: float) -> None:
        has_stalled = now - self._swept_at > STALL_S
        self._swept_at = now
        for connection in list(self._publishing):
            connection.pass_time(now)
        if has_stalled:
            self._checked_at = now
        elif now - self._checked_at >= DEADLINES_S:
            self._checked_at = now
            for connection in list(self._connections):
                connection.check_deadlines(now)

    def _read(self) -> None:
        for connection in list(self._publishing):
            try:
                connection.read()
            except Exception:  # noqa: BLE001  a fault of ours in one encoder's bytes is not the others'
                _log.exception("an encoder is cut off", remote=connection.address)
                connection.abort()

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
