"""Moves a streamed body to a client, no faster than he reads."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Protocol

from services.common.tasks import spawn
from services.packager.http.negotiation import Outgoing
from services.packager.http.stream import Buffer, Buffers, Stream


class Sink(Protocol):
    """What a pump needs of a transport."""

    def writelines(self, list_of_data: Buffers, /) -> None: ...


class Truncated(Exception):  # noqa: N818  says what the client would have got
    """The source gave fewer or more bytes than the head had promised."""

    def __init__(self, promised: int, given: int) -> None:
        super().__init__(f"{promised} bytes were promised, {given} given")


class Pump:
    """One streamed answer. `on_end` is called once with None or what went wrong, unless the pump was cancelled."""

    __slots__ = ("_head", "_on_end", "_outgoing", "_room", "_sink", "_stream", "_task", "sent")

    def __init__(
        self,
        outgoing: Outgoing,
        stream: Stream,
        head: bytes,
        sink: Sink,
        on_end: Callable[[Exception | None], None],
    ) -> None:
        self._outgoing = outgoing
        self._stream = stream
        self._head = head
        self._sink = sink
        self._on_end = on_end
        self._room: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.sent = 0
        """Body bytes given to the transport so far."""

    @property
    def has_begun(self) -> bool:
        """True once the head is out, so that no other answer can be given."""
        return not self._head

    def start(self) -> None:
        self._task = spawn(self._run(), name="stream a body")

    def cancel(self) -> None:
        """Stop and close the source."""
        if self._task is not None:
            self._task.cancel()

    def pause(self) -> None:
        """The client does not keep up: fetch nothing until `resume`."""
        if self._room is None:
            self._room = asyncio.get_running_loop().create_future()

    def resume(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    async def _run(self) -> None:
        try:
            await self._move()
        except Exception as error:  # noqa: BLE001  a source is anything that can be read; whoever owns us decides
            self._on_end(error)
        else:
            self._on_end(None)

    async def _move(self) -> None:
        span = self._outgoing.span
        promised = None if self._stream.length is None else span.stop - span.start
        async with aclosing(self._stream.open(span.start, span.stop)) as source:
            async for chunk in source:
                if promised is not None and self.sent + len(chunk) > promised:
                    raise Truncated(promised, self.sent + len(chunk))
                self._send(chunk)
                if self._room is not None:
                    await self._room
        if promised is not None and self.sent != promised:
            raise Truncated(promised, self.sent)
        self._write((b"0\r\n\r\n",) if self._outgoing.is_chunked else ())

    def _send(self, chunk: Buffer) -> None:
        if not chunk:
            return  # an empty chunk would end the body
        self.sent += len(chunk)
        is_chunked = self._outgoing.is_chunked
        self._write((b"%x\r\n" % len(chunk), chunk, b"\r\n") if is_chunked else (chunk,))

    def _write(self, buffers: Buffers) -> None:
        head, self._head = self._head, b""
        self._sink.writelines((head, *buffers) if head else buffers)
