"""An encoder on a real socket, exact to the byte: `Publisher` with asyncio's streams under it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from services.common.tasks import cancel, spawn
from tests.clients.rtmp_client import Publisher
from tests.ingest.rtmp.samples import AAC_RECORD, AVC_RECORD, idr, picture

PATIENCE_S = 30.0
FRAME_MS = 33


class SocketEncoder:
    """Shakes hands and asks to publish by itself; `send_frames` sends the smallest media there is."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, publisher: Publisher) -> None:
        self.publisher = publisher
        self.is_closed = asyncio.Event()
        """The server has closed its side, or the connection broke."""
        self.frames = 0
        self._reader, self._writer = reader, writer
        self._news = asyncio.Event()
        self._hearing = spawn(self._hear(), name="encoder hears")

    async def _hear(self) -> None:
        await self.flush()
        with suppress(ConnectionError):
            while data := await self._reader.read(65536):
                self.publisher.receive_data(data)
                await self.flush()
                self._news.set()
        self.is_closed.set()
        self._news.set()

    async def flush(self) -> None:
        """Send what the publisher has to send."""
        if data := self.publisher.data_to_send():
            with suppress(ConnectionError):
                self._writer.write(data)
                await self._writer.drain()

    async def wait(self, is_true: Callable[[Publisher], bool]) -> None:
        """Return when what the server has said makes it so; TimeoutError if that does not come."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_true(self.publisher):
                self._news.clear()
                await self._news.wait()

    async def published(self) -> "SocketEncoder":
        """Return when publishing may begin; AssertionError if it is refused."""
        await self.wait(lambda publisher: publisher.is_publishing or self.is_closed.is_set())
        assert self.publisher.is_publishing, self.publisher.statuses
        return self

    async def refused(self) -> dict[str, Any]:
        """What the server says before it closes."""
        async with asyncio.timeout(PATIENCE_S):
            await self.is_closed.wait()
        return dict(self.publisher.statuses[-1]) if self.publisher.statuses else {}

    async def send_frames(self, count: int, *, gop: int = 30, fill: int = 100) -> None:
        """Picture alone, with a configuration first."""
        for _ in range(count):
            stamp, mark = self.frames * FRAME_MS, self.frames.to_bytes(4, "big") + b"\xff" * fill
            if not self.frames:
                self.publisher.send_video_config(stamp, AVC_RECORD)
                self.publisher.send_audio_config(stamp, AAC_RECORD)
            is_key = self.frames % gop == 0
            self.publisher.send_video(stamp, idr(mark) if is_key else picture(mark), is_key=is_key)
            self.frames += 1
        await self.flush()

    async def send_raw(self, data: bytes) -> None:
        self.publisher.send_raw(data)
        await self.flush()

    async def unpublish(self) -> None:
        """Say goodbye as OBS does; the socket stays open."""
        self.publisher.unpublish()
        await self.flush()

    async def stop_reading(self) -> None:
        """Leave unread whatever the server says from now on."""
        await cancel(self._hearing)

    def abort(self) -> None:
        """Reset the connection."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Let go."""
        await cancel(self._hearing)
        self._writer.close()
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(5):
                await self._writer.wait_closed()


@asynccontextmanager
async def encoder(port: int, key: str, *, publisher: Publisher | None = None) -> AsyncIterator[SocketEncoder]:
    """One that has connected and asks to publish with this key."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = SocketEncoder(reader, writer, publisher or Publisher(stream_name=key))
    try:
        yield found
    finally:
        await found.close()
