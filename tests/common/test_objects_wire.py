"""Kept connections to a server that may do anything."""

import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from services.common.objects_wire import Wire, WireError

OK = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 0\r\n\r\n'
MANY_FILES = 2_048
HEAD = b"PUT /b/k HTTP/1.1\r\nContent-Length: %d\r\n\r\n"


@dataclass
class Peer:
    """A server of one thread that answers each request with the next of its answers."""

    answers: list[bytes]
    hang_up_after: int = 1_000
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    hung_up: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released at each connection's end."""

    def serve(self) -> None:
        while self.answers:
            connection, _ = self.listener.accept()
            self.connections += 1
            with connection:
                self._talk(connection)
            self.hung_up.release()

    def _talk(self, connection: socket.socket) -> None:
        for _ in range(self.hang_up_after):
            if not self.answers or not (request := _read(connection)):
                return
            self.heard.append(request)
            connection.sendall(self.answers.pop(0))


def _read(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    wanted = int(head.rpartition(b":")[2])
    rest = [body]
    while (wanted := wanted - len(rest[-1])) > 0:
        rest.append(connection.recv(65536))
    return b"".join(rest)


@contextmanager
def talking(peer: Peer) -> Iterator[Wire]:
    thread = threading.Thread(target=peer.serve, daemon=True)
    thread.start()
    address = urlsplit(f"http://127.0.0.1:{peer.listener.getsockname()[1]}")
    wire = Wire(address, connections=2, connect_timeout_s=5, read_timeout_s=5, tls=None)
    try:
        yield wire
    finally:
        wire.close()
        peer.answers.clear()
        peer.listener.close()


def put(wire: Wire, *pieces: bytes) -> Callable[[], int]:
    return lambda: wire.exchange(HEAD % sum(map(len, pieces)), pieces).status


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_body_arrives_whole_and_the_connection_is_kept(size: int) -> None:
    """Small and large, piece by piece; three requests on one connection."""
    peer = Peer([OK] * 3)
    with talking(peer) as wire:
        for _ in range(3):
            assert put(wire, b"a" * size, b"b" * size)() == 200

    assert peer.heard == [b"a" * size + b"b" * size] * 3
    assert peer.connections == 1


def test_body_of_many_pieces_arrives_whole_though_the_kernel_takes_some_at_a_time() -> None:
    """More of them than one call may name, of all sizes, empty ones too, and more bytes than a socket holds."""
    pieces = [bytes([n % 251]) * (n * 37 % 9_000) for n in range(2_500)]
    peer = Peer([OK])
    with talking(peer) as wire:
        assert put(wire, *pieces)() == 200

    assert peer.heard == [b"".join(pieces)]


def test_connection_that_was_closed_meanwhile_is_not_used() -> None:
    """The server hangs up after each answer; the next request finds out beforehand."""
    peer = Peer([OK] * 3, hang_up_after=1)
    with talking(peer) as wire:
        for _ in range(3):
            assert put(wire, b"x")() == 200
            assert peer.hung_up.acquire(timeout=5)

    assert peer.connections == 3


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for them; the limit is put back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < MANY_FILES:
        pytest.skip(f"this machine allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY_FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_kept_connection_with_a_high_descriptor_is_used() -> None:
    """Programs with many viewers have thousands open; select(2) would take none above 1,023."""
    low = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_024)]
    try:
        peer = Peer([OK] * 2)
        with talking(peer) as wire:
            assert [put(wire, b"x")(), put(wire, b"y")()] == [200, 200]
        assert peer.connections == 1
    finally:
        for descriptor in low:
            os.close(descriptor)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", b"no"),
        (b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", b"2\r\nno\r\n0\r\n\r\n"),
        (b"HTTP/1.1 503 Slow Down\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", b"no"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_refusal_is_read_with_its_reason(answer: bytes, body: bytes) -> None:
    """However its end is told; the next request is answered too."""
    peer = Peer([answer, OK], hang_up_after=1_000 if b"Connection" not in answer else 1)
    with talking(peer) as wire:
        found = wire.exchange(HEAD % 1, [b"x"])
        assert (found.status, found.body) == (int(answer[9:12]), body)
        assert put(wire, b"y")() == 200


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000]
)
def test_answer_that_is_not_http_is_an_error(answer: bytes) -> None:
    """Foreign words, and heads without end."""
    with talking(Peer([answer], hang_up_after=1)) as wire, pytest.raises(OSError):
        put(wire, b"x")()


def test_server_that_hangs_up_in_mid_answer_is_an_error() -> None:
    """Half an answer is none."""
    peer = Peer([b"HTTP/1.1 200 OK\r\nContent-Le"], hang_up_after=1)
    with talking(peer) as wire, pytest.raises(WireError, match="hung up"):
        put(wire, b"x")()


def test_exchange_under_way_at_the_close_leaves_no_connection() -> None:
    """What is in use when all is let go is let go at its end."""
    wire = Wire(urlsplit("http://127.0.0.1:1"), connections=2, connect_timeout_s=5, read_timeout_s=5, tls=None)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire.close()
        wire._keep(ours)

        assert ours.fileno() == -1
