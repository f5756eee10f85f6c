"""What the supervisor and the doctor ask of nats-server and Redis, put to servers that say one thing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from services.machine.probe_parts import Answer, ask_nats, ask_redis

Ask = Callable[[str], Awaitable[Answer]]


@pytest.mark.parametrize(
    ("ask", "user", "said", "answer"),
    [
        (ask_nats, "", b"INFO {}\r\nPONG\r\n", Answer.OK),
        (ask_nats, "me:mine@", b"INFO {}\r\n-ERR 'Authorization Violation'\r\n", Answer.REFUSED),
        (ask_nats, "", b"HTTP/1.1 400 Bad Request\r\n\r\n", Answer.SILENT),
        (ask_redis, "", b"+PONG\r\n", Answer.OK),
        (ask_redis, "", b"-NOAUTH Authentication required.\r\n", Answer.REFUSED),
        (ask_redis, "me:mine@", b"+OK\r\n+PONG\r\n", Answer.OK),
        (ask_redis, "me:mine@", b"-WRONGPASS invalid\r\n-NOAUTH\r\n", Answer.REFUSED),
        (ask_redis, "me:mine@", b"-WRONGPASS invalid\r\n+PONG\r\n", Answer.REFUSED),
        (ask_redis, "me:mine@", b"+OK\r\n-LOADING Redis is loading\r\n", Answer.SILENT),
        (ask_redis, "", b"", Answer.SILENT),
    ],
)
async def test_what_a_server_says_is_told_apart(ask: Ask, user: str, said: bytes, answer: Answer) -> None:
    """Up, up and closed to us, and not there (yet) are three answers."""
    async with _server(said) as (port, _):
        assert await ask(f"any://{user}127.0.0.1:{port}") is answer


async def test_password_waits_for_tls() -> None:
    """A nats-server that wants TLS is not told the password in clear."""
    async with _server(b'INFO {"tls_required":true}\r\n') as (port, heard):
        assert await ask_nats(f"nats://me:mine@127.0.0.1:{port}") is Answer.OK
        assert await asyncio.wait_for(heard, 10) == b""


async def test_nobody_there_is_silent() -> None:
    """A closed port is no error of ours."""
    assert await ask_nats("nats://127.0.0.1:1") is Answer.SILENT
    assert await ask_redis("redis://127.0.0.1:1") is Answer.SILENT


@asynccontextmanager
async def _server(said: bytes) -> AsyncIterator[tuple[int, "asyncio.Future[bytes]"]]:
    """Says one thing to whoever connects; the future has all that was said to it."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.write_eof()
        everything = await reader.read()
        writer.close()
        await writer.wait_closed()
        heard.set_result(everything)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard
        await asyncio.wait_for(heard, 10)
