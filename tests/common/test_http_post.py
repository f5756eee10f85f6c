"""One POST to a server that does what it likes: real sockets, real TLS."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.common.http_post import MOST_ANSWER, PostError, post
from services.common.target_address import Target

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on loopback; its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def _answering(answer: bytes, heard: list[bytes] | None = None) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        if heard is not None:
            heard.append(head + body)
        writer.write(answer)
        await writer.drain()

    return serve


async def _post(port: int, *, timeout_s: float = 5.0, addresses: tuple[str, ...] = ("127.0.0.1",)) -> int:
    target = Target("http", "hooks.example.org", port, "/in?a=b")
    return await post(target, addresses, {"X-One": "1"}, b'{"a":1}', timeout_s=timeout_s)


async def test_request_goes_to_the_address_and_names_the_host() -> None:
    """The name stands in `Host`, and nobody resolves it."""
    heard: list[bytes] = []
    async with serving(_answering(b"HTTP/1.1 204 No Content\r\n\r\n", heard)) as port:
        assert await _post(port) == 204

    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /in?a=b HTTP/1.1",
        f"Host: hooks.example.org:{port}".encode(),
        b"X-One: 1",
        b"Content-Length: 7",
        b"Connection: close",
    ]
    assert body == b'{"a":1}'


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n", 503),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", 302),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * (MOST_ANSWER * 2), 200),
    ],
)
async def test_status_is_read_from_any_answer(answer: bytes, status: int) -> None:
    """Lengths, chunks, ends, interim answers, redirections (not followed) and bodies without end."""
    async with serving(_answering(answer)) as port:
        assert await _post(port) == status


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "no HTTP"),
        (b"", "hung up without an answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, "no end|no HTTP"),
    ],
)
async def test_what_is_no_answer_is_an_error(answer: bytes, words: str) -> None:
    """Another protocol, a closed connection, and a head without end."""
    async with serving(_answering(answer)) as port:
        with pytest.raises(PostError, match=words):
            await _post(port)


async def test_server_that_says_nothing_costs_the_time_limit() -> None:
    """A byte now and then does not prolong it."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        for byte in b"HTTP/1.1 200 OK\r\n" * 100:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(drip) as port:
        with pytest.raises(PostError, match="no answer within"):
            await _post(port, timeout_s=0.2)


@pytest.mark.parametrize(
    "begin", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n"]
)
async def test_body_that_drips_for_ever_is_not_waited_for(begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is known by its head: it would be sent again and again otherwise."""
    monkeypatch.setattr("services.common.http_post._BODY_TIMEOUT_S", 0.05)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.write(begin)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(drip) as port:
        assert await _post(port, timeout_s=30.0) == int(begin[9:12])


async def test_next_address_is_tried_where_one_refuses() -> None:
    """A name with two addresses works while one of them does."""
    async with serving(_answering(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        assert await _post(port, addresses=("127.0.0.2", "127.0.0.1")) == 200
        with pytest.raises(PostError, match="refused"):
            await _post(port, addresses=("127.0.0.2",))


async def test_header_that_would_be_two_is_not_sent() -> None:
    """Nothing that comes from outside can add a line to the request."""
    async with serving(_answering(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        target = Target("http", "hooks.example.org", port, "/")
        with pytest.raises(PostError, match="cannot be sent"):
            await post(target, ["127.0.0.1"], {"X-One": "1\r\nX-Two: 2"}, b"", timeout_s=5)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of hooks.example.org in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.org")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(pem)
    return path


async def test_tls_is_spoken_for_the_name_and_not_for_the_address(certificate: Path) -> None:
    """The certificate must be the name's, though an address is dialled."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    named: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: named.append(name)
    trust = ssl.create_default_context(cafile=str(certificate))
    async with serving(_answering(b"HTTP/1.1 200 OK\r\n\r\n"), server) as port:
        good = Target("https", "hooks.example.org", port, "/")
        assert await post(good, ["127.0.0.1"], {}, b"{}", timeout_s=5, tls=trust) == 200
        assert named == ["hooks.example.org"]

        for target, known in ((Target("https", "other.example.org", port, "/"), trust), (good, None)):
            with pytest.raises(PostError, match="TLS"):
                await post(target, ["127.0.0.1"], {}, b"{}", timeout_s=5, tls=known)
