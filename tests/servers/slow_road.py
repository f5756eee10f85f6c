"""A road to a server that takes its time: connections are taken at once, and nothing passes at first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def slow_road(port: int, *, first_byte_s: float) -> AsyncIterator[int]:
    """A port of 127.0.0.1 that leads to `port`, where each connection is silent for so long at its beginning."""
    under_way = set[asyncio.Task[None]]()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        await asyncio.sleep(first_byte_s)  # the length of the road is what is tried
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_carry(reader, back), _carry(there, writer))

    async with await asyncio.start_server(connect, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.wait_for(asyncio.gather(*under_way, return_exceptions=True), 5)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that comes, until either end is closed; then both are."""
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
