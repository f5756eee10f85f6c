"""The HTTP server under REST: uvicorn inside our loop, on our socket, bounded before a request is whole."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from starlette.types import ASGIApp

from services.common.lean_imports import hollow

with hollow("uvicorn.main", "Server", "main", "run"):  # its command line
    from uvicorn.config import Config
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    from uvicorn.server import Server

HEAD_TIMEOUT_S = 10.0
MAX_HEAD = 64 * 1024
MAX_CONNECTIONS = 2000
_IDLE_S = 30
_STOP_S = 5
_DATE_S = 1.0


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's own, which waits for ever for the rest of a head, and takes one of any size."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._head_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_timer is not None and self._head_bytes > MAX_HEAD:
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._forget_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_head()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = asyncio.get_running_loop().call_later(HEAD_TIMEOUT_S, self.transport.close)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class RestServer(Server):
    """Serves until `stop`; signals are the life cycle's."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._stopped = asyncio.Event()

    async def main_loop(self) -> None:
        """Uvicorn's own looks ten times a second whether it is to end; this one is told, and keeps the date."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(_DATE_S):
                    await self._stopped.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield

    def stop(self) -> None:
        """Take no more requests; `serve` returns when those in hand are answered."""
        self.should_exit = True
        self._stopped.set()


def rest_server(app: ASGIApp) -> RestServer:
    config = Config(
        app,
        loop="none",
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_STOP_S,
    )
    return RestServer(config)


async def serve(server: RestServer, listener: socket.socket) -> None:
    """Answer on a listening socket until stopped or cancelled."""
    await server.serve(sockets=[listener])
