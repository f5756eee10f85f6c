"""The server: a listening socket, its connections, and the sweep that keeps all their deadlines."""

import asyncio
import socket

from services.packager.http.connection import Connection
from services.packager.http.counts import Counts
from services.packager.http.desk import AccessHook, Desk, Handler
from services.packager.http.limits import Limits

BACKLOG = 4096


class Server:
    """Serves one handler on one listening socket, which several processes may share."""

    def __init__(
        self, handler: Handler, *, limits: Limits | None = None, on_finished: AccessHook | None = None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._desk = Desk(handler, limits or Limits(), on_finished, self._loop.time())
        self._listener: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def counts(self) -> Counts:
        """What has been served; live."""
        return self._desk.counts

    async def start(self, listening: socket.socket) -> None:
        """Accept from `listening`, which is bound; this process's descriptor of it is closed by `drain` or `close`."""
        listening.setblocking(False)
        self._listener = await self._loop.create_server(self._connect, sock=listening, backlog=BACKLOG)
        self._sweep()

    async def drain(self, *, grace_s: float) -> bool:
        """Accept no more, finish what is being answered, and close; False if the grace cut an answer short."""
        self._desk.is_draining = True
        self._stop_accepting()
        for guest in tuple(self._desk.guests):
            guest.retire()
        is_clean = await self._wait_until_empty(grace_s)
        self.close()
        return is_clean

    def close(self) -> None:
        """Drop everything at once."""
        self._stop_accepting()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for guest in tuple(self._desk.guests):
            guest.abort()

    async def _wait_until_empty(self, timeout_s: float) -> bool:
        self._desk.emptied.clear()
        try:
            async with asyncio.timeout(timeout_s):
                while self._desk.guests:  # a connection accepted last may still come in
                    await self._desk.emptied.wait()
                    self._desk.emptied.clear()
        except TimeoutError:
            return False
        return True

    def _connect(self) -> Connection:
        return Connection(self._desk)

    def _stop_accepting(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _sweep(self) -> None:
        self._timer = self._loop.call_later(self._desk.limits.sweep_s, self._sweep)
        now = self._loop.time()
        self._desk.tick(now)
        for guest in [guest for guest in self._desk.guests if guest.deadline <= now]:
            guest.expire()
