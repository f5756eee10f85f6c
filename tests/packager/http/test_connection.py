"""One connection against a real server, byte by byte."""

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.common.tasks import cancel, spawn
from services.packager.http.connection import Connection
from services.packager.http.limits import INPUT_BYTES, Limits
from tests.packager.http.raw_client import RawClient, split_answers
from tests.packager.http.site import HUGE, PLAYLIST_BODY, SEGMENT_BODY, Running, eventually

GZIP = "Accept-Encoding: gzip"
Connect = Callable[[], Awaitable[RawClient]]
Start = Callable[..., Awaitable[Running]]
ONE_READ = 256 * 1024  # what uvloop takes off a socket at once


def the_connection(running: Running) -> Connection:
    (connection,) = running.server._desk.guests
    assert isinstance(connection, Connection)
    return connection


async def test_one_connection_serves_one_request_after_the_other(client: RawClient) -> None:
    """Known and new header sections, short and long bodies, in the coding each asks for."""
    for lines in ([], [], [GZIP], [GZIP]):
        client.get("/playlist", *lines)
        answer = await client.answer()
        assert answer.status == 200
        body = gzip.decompress(answer.body) if lines else answer.body
        assert body == PLAYLIST_BODY
        assert "date" in answer.headers
        assert "connection" not in answer.headers
    client.get("/segment")
    assert (await client.answer()).body == SEGMENT_BODY


async def test_pipelined_requests_are_answered_in_order(client: RawClient, origin: Running) -> None:
    """Also behind one that blocks, and behind streams; more than one burst of them."""
    targets = ["/blocked", "/stream", "/playlist", "/later", "/chunked", "/nothing", "/segment"] * 20
    for target in targets:
        client.get(target)
    statuses, bodies = [], []
    for target in targets:
        if target == "/blocked":
            await eventually(lambda: origin.site.blocked)
            origin.site.publish()
        answer = await client.answer()
        statuses.append(answer.status)
        bodies.append(len(answer.body))
    playlist, segment = len(PLAYLIST_BODY), len(SEGMENT_BODY)
    assert statuses == [200, 200, 200, 200, 200, 404, 200] * 20
    assert bodies == [playlist, segment, playlist, playlist, 100_000, len(b"Not Found\n"), segment] * 20


async def test_flood_of_pipelined_requests_is_bounded_and_answered(client: RawClient, origin: Running) -> None:
    """A client that sends far ahead is read no further than the limit while its first request waits."""
    count = 8000
    client.get("/blocked")
    client.send((b"GET /path HTTP/1.1\r\nHost: test\r\nX: " + b"x" * 200 + b"\r\n\r\n") * count)
    await eventually(lambda: origin.site.blocked)
    connection = the_connection(origin)
    await eventually(lambda: not connection._transport.is_reading())
    assert len(connection._buffer) <= INPUT_BYTES + ONE_READ
    origin.site.publish()
    await client.answer()
    for _ in range(count):
        assert (await client.answer()).body == b"/path"


async def test_next_request_waits_until_the_last_answer_is_read(client: RawClient, origin: Running) -> None:
    """One body is under way at a time, however many are asked for."""
    for _ in range(5):
        client.get("/huge")
    client.get("/playlist")
    await client.reader.readexactly(1000)
    for _ in range(100):
        await asyncio.sleep(0)
    assert origin.server.counts.requests == 1
    await client.reader.readexactly(5 * (HUGE.plain.length or 0))
    await eventually(lambda: origin.server.counts.requests == 6)


async def test_head_answers_without_body(client: RawClient) -> None:
    """And the connection goes on."""
    for target, size in (("/segment", len(SEGMENT_BODY)), ("/stream", len(SEGMENT_BODY))):
        client.get(target, method="HEAD")
        assert (await client.answer("HEAD")).headers["content-length"] == str(size)
    client.get("/playlist")
    assert (await client.answer()).body == PLAYLIST_BODY


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /playlist HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 200),
        (b"GET /playlist HTTP/1.0\r\n\r\n", 200),
        (b"GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 200),
        (b"GET /stream HTTP/1.0\r\n\r\n", 200),
        (b"GET /chunked HTTP/1.0\r\n\r\n", 200),
        (b"POST /playlist HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nGET / HTT", 405),
        (b"GET /playlist HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody", 413),
        (b"GET /playlist HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET /" + b"a" * 9000, 414),
    ],
)
async def test_last_answers_say_so_and_close(client: RawClient, request_bytes: bytes, status: int) -> None:
    """The answer is whole, says that it is the last, and the end of the connection follows."""
    client.send(request_bytes + b" more that nobody reads")
    head, _, body = (await client.rest()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nconnection: close\r\n" in head
    if b"content-length" in head:
        assert b"content-length: %d\r\n" % len(body) in head + b"\r\n"
    else:
        assert len(body) == 100_000


@pytest.mark.parametrize(
    ("method", "target", "lines", "status"),
    [
        ("DELETE", "/playlist", [], 405),
        ("POST", "/playlist", [], 405),
        ("GET", "/nothing", [], 404),
        ("GET", "/%2e%2e/etc", [], 400),
        ("GET", "/broken", [], 500),
        ("GET", "/playlist", ["Expect: tea"], 417),
        ("GET", "/playlist", ["Expect: 100-continue"], 200),
        ("GET", "/segment", ["Range: bytes=9999999-"], 416),
        ("GET", "/segment", ["Range: bytes=1-2"], 206),
        ("GET", "/segment", ['If-None-Match: "s1"'], 304),
        ("GET", "/playlist", ["Connection: Upgrade", "Upgrade: h2c"], 200),
    ],
)
async def test_refusal_of_one_request_keeps_the_connection(
    client: RawClient, method: str, target: str, lines: list[str], status: int
) -> None:
    """What is wrong with one request says nothing about the next."""
    client.get(target, *lines, method=method)
    answer = await client.answer()
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == "*"
    if status == 405:
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    client.get("/playlist")
    assert (await client.answer()).status == 200


async def test_preflight_allows_any_page(client: RawClient, origin: Running) -> None:
    """No handler is asked."""
    client.get("/playlist", "Origin: http://x", "Access-Control-Request-Headers: range", method="OPTIONS")
    answer = await client.answer()
    assert answer.status == 204
    assert "content-length" not in answer.headers
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert not origin.site.seen


async def test_blocked_requests_are_all_answered_at_once(connect: Connect, origin: Running) -> None:
    """200 waiters, one event, each gets the playlist; then none is left."""
    clients = [await connect() for _ in range(200)]
    for client in clients:
        client.get("/blocked?_HLS_msn=7")
    await eventually(lambda: len(origin.site.blocked) == 200)
    assert origin.server.counts.waiting == 200
    origin.site.publish()
    assert {(await client.answer()).body for client in clients} == {PLAYLIST_BODY}
    assert origin.server.counts.waiting == 0
    assert origin.server.counts.cancelled == 0


async def test_waiters_are_freed_when_their_clients_leave(connect: Connect, origin: Running) -> None:
    """By closing or by reset; those who stay are still answered."""
    clients = [await connect() for _ in range(100)]
    for client in clients:
        client.get("/blocked")
    await eventually(lambda: len(origin.site.blocked) == 100)
    for client in clients[:50]:
        client.writer.close()
    for client in clients[50:99]:
        client.writer.transport.abort()
    await eventually(lambda: len(origin.site.blocked) == 1)
    await eventually(lambda: origin.server.counts.open_connections == 1)
    assert origin.server.counts.waiting == 1
    assert origin.server.counts.cancelled == 99
    origin.site.publish()
    assert (await clients[99].answer()).status == 200


async def test_stream_ends_when_its_client_leaves(client: RawClient, origin: Running) -> None:
    """The source is closed, so that nothing is fetched for nobody."""
    client.get("/endless")
    await client.reader.readexactly(1000)
    client.writer.transport.abort()
    await eventually(lambda: origin.site.closed_streams == 1)
    await eventually(lambda: origin.server.counts.open_connections == 0)


async def test_stream_is_fetched_no_faster_than_its_client_reads(client: RawClient, origin: Running) -> None:
    """What is in memory for a client that does not read is bounded."""
    client.get("/endless")
    await client.reader.readexactly(1000)
    transport, high = the_connection(origin)._transport, Limits().high_water_bytes
    await eventually(lambda: transport.get_write_buffer_size() > high)
    for _ in range(100):
        await asyncio.sleep(0)
        assert transport.get_write_buffer_size() <= high + 50_000
    await client.reader.readexactly(20_000_000)
    assert origin.site.closed_streams == 0


async def test_stream_to_a_client_that_stopped_reading_ends_with_it(client: RawClient, origin: Running) -> None:
    """A pump that waits for room is woken by the end."""
    client.get("/endless")
    await client.reader.readexactly(1000)
    transport = the_connection(origin)._transport
    await eventually(lambda: transport.get_write_buffer_size() > Limits().high_water_bytes)
    client.writer.transport.abort()
    await eventually(lambda: origin.site.closed_streams == 1)
    assert origin.server.counts.cancelled == 1


async def test_range_of_a_stream_is_read_from_its_source(client: RawClient) -> None:
    """Only the bytes asked for."""
    client.get("/stream", "Range: bytes=60000-60009")
    answer = await client.answer()
    assert (answer.status, answer.body) == (206, SEGMENT_BODY[60000:60010])


async def test_half_closed_client_gets_what_is_ready(client: RawClient) -> None:
    """A client that sends, closes its half and reads."""
    client.get("/segment")
    client.writer.write_eof()
    assert split_answers(await client.rest())[0].body == SEGMENT_BODY


async def test_idle_client_is_closed(start: Start) -> None:
    """Without an answer, for there was no question."""
    running = await start(Limits(idle_s=0.1, sweep_s=0.05))
    client = await RawClient.connect(running.port)
    assert await client.rest() == b""
    await client.close()
    assert running.server.counts.timed_out == 1


@pytest.mark.parametrize(
    ("drop", "limits", "answer"),
    [
        (b"G", Limits(head_s=0.3, sweep_s=0.05), b"HTTP/1.1 408 "),
        (b"\r\n", Limits(idle_s=0.3, sweep_s=0.05), b""),
    ],
)
async def test_slow_head_is_given_up(start: Start, drop: bytes, limits: Limits, answer: bytes) -> None:
    """A byte now and then buys no time, be it of a request line or of empty lines before one."""
    running = await start(limits)
    client = await RawClient.connect(running.port)

    async def drip() -> None:
        while True:
            client.send(drop)
            await asyncio.sleep(0.02)

    dripping = spawn(drip(), name="drip")
    assert (await client.rest())[:13] == answer
    await cancel(dripping)
    await client.close()


async def test_handler_that_never_answers_is_given_up(start: Start) -> None:
    """503, and its waiter is freed; the connection goes on."""
    running = await start(Limits(answer_s=0.1, sweep_s=0.05))
    client = await RawClient.connect(running.port)
    client.get("/blocked")
    assert (await client.answer()).status == 503
    assert not running.site.blocked
    client.get("/playlist")
    assert (await client.answer()).status == 200
    await client.close()


async def test_client_that_does_not_read_is_dropped(start: Start) -> None:
    """Time is given as long as bytes go out, and no longer."""
    running = await start(Limits(stall_s=0.2, sweep_s=0.05))
    client = await RawClient.connect(running.port)
    client.get("/huge")
    await eventually(lambda: running.server.counts.timed_out == 1)
    await eventually(lambda: running.server.counts.open_connections == 0)
    await client.close()


@pytest.mark.parametrize("lines", [[], ["Connection: close"]])
async def test_slow_reader_gets_everything(start: Start, lines: list[str]) -> None:
    """A body takes longer than every limit, and none is hit while it moves."""
    running = await start(Limits(stall_s=0.3, idle_s=0.1, linger_s=0.1, sweep_s=0.05))
    client = await RawClient.connect(running.port)
    client.get("/huge", *lines)
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head
    received = 0
    while piece := await client.reader.read(1 << 20):
        received += len(piece)
        await asyncio.sleep(0.005)
    assert received == HUGE.plain.length
    await client.close()


async def test_answer_in_the_kernel_outlives_its_connection(start: Start) -> None:
    """A client that reads only after the server has let go still finds everything, and the end."""
    running = await start(Limits(linger_s=0.1, sweep_s=0.05))
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that the rest lies on the server's side
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", running.port))
    client = RawClient(*await asyncio.open_connection(sock=narrow))
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
    client.get("/segment", "Connection: close")
    await eventually(lambda: running.server.counts.requests == 1 and not running.server.counts.open_connections)
    client.writer.transport.resume_reading()  # type: ignore[attr-defined]  # as above
    assert split_answers(await client.rest())[0].body == SEGMENT_BODY
    await client.close()


async def test_full_server_says_so(start: Start) -> None:
    """503 to one more; when one leaves there is room again."""
    running = await start(Limits(connections=1))
    first, second = await RawClient.connect(running.port), await RawClient.connect(running.port)
    first.get("/playlist")
    assert (await first.answer()).status == 200
    refused = split_answers(await second.rest())[0]
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    await second.close()
    await first.close()
    await eventually(lambda: running.server.counts.open_connections == 0)
    third = await RawClient.connect(running.port)
    third.get("/playlist")
    assert (await third.answer()).status == 200
    assert running.server.counts.refused_connections == 1
    await third.close()


async def test_real_client_is_served(origin: Running) -> None:
    """httpx over one connection: codings, ranges, conditions, streams."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{origin.port}") as web:
        playlist = await web.get("/playlist")
        assert playlist.content == PLAYLIST_BODY
        assert playlist.headers["content-encoding"] == "gzip"
        again = await web.get("/playlist", headers={"if-none-match": playlist.headers["etag"]})
        assert again.status_code == 304
        part = await web.get("/segment", headers={"range": "bytes=-5"})
        assert part.content == SEGMENT_BODY[-5:]
        assert len((await web.get("/chunked")).content) == 100_000
        assert (await web.head("/stream")).headers["content-length"] == str(len(SEGMENT_BODY))
    assert origin.server.counts.connections == 1


REQUESTS = st.sampled_from(
    [
        b"GET /playlist HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /playlist HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n",
        b"GET /segment HTTP/1.1\r\nHost: h\r\nRange: bytes=5-9\r\n\r\n",
        b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /later HTTP/1.1\r\nHost: h\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\nNo host\r\n\r\n",
        b"noise",
    ]
)
END = b"GET /path HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


async def exchange(port: int, pieces: list[bytes]) -> list[tuple[int, bytes]]:
    client = await RawClient.connect(port)
    for piece in pieces:
        client.send(piece)
        await asyncio.sleep(0)
    answers = split_answers(await client.rest())
    await client.close()
    return [(answer.status, answer.body) for answer in answers]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(REQUESTS, max_size=5), data=st.data())
async def test_any_split_gives_the_same_answers(origin: Running, parts: list[bytes], data: st.DataObject) -> None:
    """Over a real socket, with answers of every kind on the way, up to the request that closes."""
    whole = b"".join(parts) + END
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert await exchange(origin.port, pieces) == await exchange(origin.port, [whole])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(min_size=1, max_size=200))
async def test_noise_ends_in_a_refusal(origin: Running, noise: bytes) -> None:
    """400 and the end, and the server serves the next."""
    answers = await exchange(origin.port, [b"\x00", noise])
    assert [status for status, _ in answers] == [400]
    assert (await exchange(origin.port, [END])) == [(200, b"/path")]
