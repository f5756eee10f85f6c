"""The socket under nats-py: bytes go straight to the parser and straight to the kernel.

nats-py's own reads through a stream and copies each byte five times; and it waits at closing until a peer that no
longer reads has taken all that was written. Lines are read only for the greeting; after that bytes are handed on as
they come.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import ParseResult

from nats.aio.transport import Transport

Buffer = bytes | memoryview
Sink = Callable[[bytes], None]

_GREETING_LIMIT = 1 << 20
_PORT = 4222


class DirectTransport(Transport):
    """What nats-py asks of a transport, and `receive` for those who want bytes as they come."""

    def __init__(self) -> None:
        self._link: _Link | None = None

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: float) -> None:  # noqa: ARG002  no stream
        self.close()  # nats-py leaves a connection open whose greeting went wrong
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(connect_timeout):
            _, self._link = await loop.create_connection(_Link, uri.hostname or "", uri.port or _PORT)

    async def connect_tls(
        self,
        uri: str | ParseResult,
        ssl_context: ssl.SSLContext,
        buffer_size: int,  # noqa: ARG002  there is no stream
        connect_timeout: float,
    ) -> None:
        link = self.link
        name = uri if isinstance(uri, str) else uri.hostname
        async with asyncio.timeout(connect_timeout):
            upgraded = await asyncio.get_running_loop().start_tls(
                link.transport, link, ssl_context, server_hostname=name
            )
        if upgraded is None:
            raise ConnectionError("the TLS handshake was cut off")
        link.transport = upgraded

    @property
    def link(self) -> "_Link":
        if self._link is None:
            raise ConnectionError("not connected")
        return self._link

    def write(self, payload: Buffer) -> None:
        self.writelines((payload,))

    def writelines(self, payload: Iterable[Buffer]) -> None:
        """Write, unless the connection has broken a moment ago: who reads it is about to say so to all who wait."""
        transport = self.link.transport
        # uvloop raises RuntimeError on a closed one, where asyncio drops what is written.
        if not transport.is_closing():
            transport.writelines(payload)

    @property
    def unsent_bytes(self) -> int:
        return self._link.transport.get_write_buffer_size() if self._link else 0

    async def read(self, buffer_size: int) -> bytes:
        raise NotImplementedError("bytes are handed to the sink")

    async def readline(self) -> bytes:
        """One line of the greeting; empty when the peer hung up. The deadline is nats-py's."""
        return await self.link.readline()

    async def receive(self, sink: Sink) -> Exception | None:
        """Hand every chunk to `sink` until the connection ends; why it ended, None for a plain end.

        An error of `sink` ends the connection and is that reason.
        """
        self.link.open_sink(sink)
        await self.link.ended.wait()
        return self.link.reason

    async def drain(self) -> None:
        """Return when the kernel has taken enough; at once when the connection is gone."""
        await self.link.writable.wait()

    async def wait_closed(self) -> None:
        if self._link is not None:
            await self._link.ended.wait()

    def close(self) -> None:
        if self._link is not None:
            self._link.transport.abort()

    def at_eof(self) -> bool:
        return self._link is None or self._link.ended.is_set()

    def __bool__(self) -> bool:
        return True  # nats-py makes one of its own where this says no


class _Link(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._sink: Sink | None = None
        self._greeting = bytearray()
        self._arrived = asyncio.Event()
        self.writable = asyncio.Event()
        self.ended = asyncio.Event()
        self.reason: Exception | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        if self._sink is not None:
            self._pass_on(self._sink, data)
            return
        self._greeting += data
        self._arrived.set()
        if len(self._greeting) > _GREETING_LIMIT:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.reason = self.reason or exc
        self.writable.set()
        self._arrived.set()
        self.ended.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    async def readline(self) -> bytes:
        while b"\n" not in self._greeting and not self.ended.is_set():
            self._arrived.clear()
            await self._arrived.wait()
        end = self._greeting.find(b"\n") + 1
        line = bytes(self._greeting[:end])
        del self._greeting[:end]
        return line

    def open_sink(self, sink: Sink) -> None:
        self._sink = sink
        early, self._greeting = bytes(self._greeting), bytearray()
        if early:
            self._pass_on(sink, early)

    def _pass_on(self, sink: Sink, data: bytes) -> None:
        try:
            sink(data)
        except Exception as error:  # noqa: BLE001  whatever it is, nothing after it can be understood
            self.reason = error
            self.transport.abort()
