"""The HTTP server's own limits, with short ones in place of the real ones."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.api.rest import server
from services.common.sockets import listening_socket
from services.common.tasks import cancel, spawn

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def hello(scope: Any, _receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(server, "HEAD_TIMEOUT_S", 0.3)
    monkeypatch.setattr(server, "MAX_HEAD", 4096)
    listener = listening_socket("rest", "127.0.0.1", 0)
    rest = server.rest_server(hello)
    task = spawn(server.serve(rest, listener), name="rest")
    yield listener.getsockname()[1]
    rest.stop()
    await asyncio.wait((task,), timeout=5)
    await cancel(task)


async def test_half_a_head_is_waited_for_only_so_long(port: int) -> None:
    """A silent client, or one that sends a byte now and then, is let go."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET[:-4])

    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_head_above_the_limit_is_not_kept(port: int) -> None:
    """The connection ends before the head is whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET[:-2] + b"X-Padding: " + b"x" * 5000)

    async with asyncio.timeout(5):
        assert b"hello" not in await reader.read()
    writer.close()


async def test_connection_stays_for_the_next_request(port: int) -> None:
    """The clock of a head runs only while one is on its way."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(GET)
        async with asyncio.timeout(5):
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(5) == b"hello"
        await asyncio.sleep(0.4)  # longer than a head may take
    writer.close()
