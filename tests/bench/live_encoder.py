"""An RTMP encoder that knows to the millisecond when it has sent each frame."""

import asyncio
from urllib.parse import urlsplit

from services.common.clock import SystemClock
from tests.bench.frames import Footage, Frame
from tests.clients.rtmp_client import Publisher

_ACCEPT_S = 10.0


class LiveEncoder:
    """Sends the film in real time. `video_sent` has (stamp, Unix time of the write) of each picture."""

    def __init__(self, footage: Footage, url: str) -> None:
        """`url` is rtmp://host:port/app/key."""
        self._footage, self._url = footage, urlsplit(url)
        self._clock = SystemClock()
        self.video_sent: list[tuple[int, float]] = []

    async def run(self) -> None:
        """Push until cancelled. TimeoutError if the server does not let it publish, ConnectionError when thrown out."""
        _, app, key = self._url.path.split("/", 2)
        reader, writer = await asyncio.open_connection(self._url.hostname, self._url.port)
        publisher = Publisher(app, key)
        try:
            async with asyncio.timeout(_ACCEPT_S):
                await _begin(publisher, reader, writer)
            publisher.send_video_config(0, self._footage.video_config)
            publisher.send_audio_config(0, self._footage.audio_config)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_listen(publisher, reader), name="hear the server")
                tasks.create_task(self._send(publisher, writer), name="send frames")
        finally:
            writer.close()

    async def _send(self, publisher: Publisher, writer: asyncio.StreamWriter) -> None:
        began = self._clock.monotonic()
        for frame in self._footage.for_ever():
            ahead_s = began + frame.stamp_ms / 1000 - self._clock.monotonic()
            if ahead_s > 0:
                await asyncio.sleep(ahead_s)
            _put(publisher, frame)
            writer.write(publisher.data_to_send())
            if frame.kind == "video":
                self.video_sent.append((frame.stamp_ms, self._clock.now()))
            await writer.drain()


def _put(publisher: Publisher, frame: Frame) -> None:
    if frame.kind == "video":
        publisher.send_video(frame.stamp_ms, frame.data, is_key=frame.is_key, cts_ms=frame.cts_ms)
    else:
        publisher.send_audio(frame.stamp_ms, frame.data)


async def _begin(publisher: Publisher, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not publisher.is_publishing:
        writer.write(publisher.data_to_send())
        await writer.drain()
        data = await reader.read(65536)
        if not data:
            raise ConnectionError(f"refused: {publisher.statuses}")
        publisher.receive_data(data)


async def _listen(publisher: Publisher, reader: asyncio.StreamReader) -> None:
    while data := await reader.read(65536):
        publisher.receive_data(data)
    raise ConnectionError(f"the server closed the connection: {publisher.statuses}")
