"""Streamed bodies whose sources fail, over a real server."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from services.packager.http import Limits, Response, Stream
from tests.packager.http.raw_client import RawClient
from tests.packager.http.site import Running, eventually

Connect = Callable[[], Awaitable[RawClient]]


def put(origin: Running, length: int | None, *chunks: bytes, error: Exception | None = None) -> None:
    """A page /test whose source gives `chunks`, then raises."""

    async def read(_start: int, _stop: int) -> AsyncGenerator[bytes, None]:
        for chunk in chunks:
            yield chunk
        if error is not None:
            raise error

    origin.site.pages["/test"] = lambda _: Response(200, {}, Stream(length, read))


async def test_source_that_fails_at_once_gives_503(client: RawClient, origin: Running) -> None:
    """Nothing was sent, so the truth can be told."""
    put(origin, 10, error=OSError("the store is away"))
    client.get("/test")
    assert (await client.answer()).status == 503
    assert [(target, status) for target, status, _ in origin.site.finished] == [(b"/test", 503)]
    assert origin.server.counts.requests == 1
    client.get("/playlist")
    assert (await client.answer()).status == 200


@pytest.mark.parametrize(
    ("length", "chunks", "error"),
    [
        (10, [b"12345"], None),
        (10, [b"12345", b"6789012"], None),
        (10, [b"12345"], OSError("the store is away")),
        (None, [b"12345"], OSError("the store is away")),
    ],
)
async def test_body_that_is_not_whole_is_no_body(
    client: RawClient, origin: Running, length: int | None, chunks: list[bytes], error: Exception | None
) -> None:
    """Too short, too long, broken: the client sees a broken connection, never a wrong body."""
    put(origin, length, *chunks, error=error)
    client.get("/test")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.answer()


async def test_body_that_ends_with_the_connection_does_not_end_well_by_failing(
    client: RawClient, origin: Running
) -> None:
    """HTTP/1.0 knows no chunks: the end must be a reset, or the client would take it for the end of the body."""
    put(origin, None, b"12345", error=OSError("the store is away"))
    client.send(b"GET /test HTTP/1.0\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await client.rest()


async def test_empty_chunks_do_not_end_a_chunked_body(client: RawClient, origin: Running) -> None:
    """Only the source's end does."""
    put(origin, None, b"", b"ab", b"", b"c", b"")
    client.get("/test")
    assert (await client.answer()).body == b"abc"


async def test_empty_chunked_body_is_an_answer(client: RawClient, origin: Running) -> None:
    """The head is sent although there is no chunk to send it with."""
    put(origin, None)
    client.get("/test")
    assert (await client.answer()).body == b""


async def test_source_is_closed_after_each_answer(client: RawClient, origin: Running) -> None:
    """And the hook is told how many bytes it gave."""
    client.get("/stream")
    answer = await client.answer()
    await eventually(lambda: origin.site.closed_streams == 1)
    assert origin.site.finished == [(b"/stream", 200, len(answer.body))]


async def test_source_that_hangs_is_given_up(start: Callable[..., Awaitable[Running]]) -> None:
    """The client is not kept for ever."""
    running = await start(Limits(answer_s=0.1, stall_s=0.1, sweep_s=0.05))

    async def read(_start: int, _stop: int) -> AsyncGenerator[bytes, None]:
        yield b"12345"
        await asyncio.Event().wait()

    running.site.pages["/test"] = lambda _: Response(200, {}, Stream(10, read))
    client = await RawClient.connect(running.port)
    client.get("/test")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.answer()
    await client.close()
