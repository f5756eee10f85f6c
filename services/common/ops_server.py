"""A program's own small door for those who run it: /metrics, /healthz and /readyz on the metrics port.

Standard library only, one request a connection, everything bounded: 32 connections, 4 KB and 5 s each.
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import orjson

from services.common import metrics
from services.common.health import Health
from services.common.log import get_logger
from services.common.sockets import listening_socket

_log = get_logger(__name__)

_MAX_CONNECTIONS = 32
_MAX_REQUEST = 4096
_TIMEOUT_S = 5.0
_REASONS: Mapping[int, str] = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}
_TEXT = "text/plain; charset=utf-8"

Answer = tuple[int, str, bytes]
"""Status, content type, body."""


class OpsServer:
    """Serves while its `async with` block runs; opening it raises OSError where the port is taken."""

    def __init__(self, host: str, port: int, health: Health) -> None:
        self._host = host
        self._port = port
        self._health = health
        self._open = 0
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on, also where 0 was asked for."""
        if self._server is None:
            return self._port
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def __aenter__(self) -> Self:
        listener = listening_socket("metrics", self._host, self._port, setting="HEADWATER_METRICS_PORT", backlog=64)
        self._server = await asyncio.start_server(self._serve, sock=listener, limit=_MAX_REQUEST)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()  # without wait_closed: nobody waits for a scraper

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= _MAX_CONNECTIONS:
                async with asyncio.timeout(_TIMEOUT_S):
                    await self._exchange(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            _log.debug("scraper went away")
        finally:
            self._open -= 1
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            head = b""
        method, status, kind, body = await self._answer(head)
        writer.write(
            f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode()
        )
        if method != b"HEAD":
            writer.write(body)
        await writer.drain()

    async def _answer(self, head: bytes) -> tuple[bytes, int, str, bytes]:
        words = head.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return b"", 400, _TEXT, b"bad request\n"
        if words[0] not in {b"GET", b"HEAD"}:
            return words[0], 405, _TEXT, b"only GET and HEAD\n"
        return words[0], *(await self._page(words[1].split(b"?")[0]))

    async def _page(self, path: bytes) -> Answer:
        if path == b"/metrics":
            return 200, metrics.CONTENT_TYPE, metrics.render()
        if path == b"/healthz":
            return 200, _TEXT, b"ok\n"
        if path == b"/readyz":
            report = await self._health.report()
            body = {"ready": report.is_ready, "failing": report.failing}
            return (200 if report.is_ready else 503), "application/json", orjson.dumps(body) + b"\n"
        return 404, _TEXT, b"/metrics, /healthz and /readyz are here\n"
