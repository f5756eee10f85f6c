"""The least of a server: sockets around sessions, for encoders that are programs of their own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from services.ingest.rtmp.events import Closed, Event, PublishRequested
from services.ingest.rtmp.limits import Limits
from services.ingest.rtmp.session import Session

Answer = Callable[[Session, PublishRequested], object]


class Connection(asyncio.Protocol):
    """One session on one socket; its events are kept."""

    def __init__(self, answer: Answer) -> None:
        self.events: list[Event] = []
        self.closed = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._clock = asyncio.get_running_loop().time
        self.session = Session(Limits(), now=self._clock())
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.session.receive_data(data, self._clock())
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self.session.receive_eof()
        self._flush()

    def _flush(self) -> None:
        assert self._transport is not None
        while event := self.session.next_event():
            self.events.append(event)
            if isinstance(event, PublishRequested):
                self._answer(self.session, event)
            if isinstance(event, Closed) and not self.closed.done():
                self.closed.set_result(event)
        self._transport.write(self.session.data_to_send())
        if self.closed.done():
            self._transport.close()


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[int, list[Connection]]]:
    """The port, and the connections made so far."""
    connections: list[Connection] = []

    def connect() -> Connection:
        connections.append(Connection(answer))
        return connections[-1]

    server = await asyncio.get_running_loop().create_server(connect, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], connections
    finally:
        server.close()
        await server.wait_closed()
