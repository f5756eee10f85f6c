"""HTTP/1.1 to one S3 server over kept connections, from the store's threads, as plain as a PUT allows.

urllib3 and http.client cost 0.6 ms of CPU a request, which at three objects a segment is what all else of archiving
costs; this costs a tenth. Each step of a socket has a time limit; nothing is tried twice.
"""

import select
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from urllib.parse import SplitResult

_JOINED_BYTES = 64 * 1024
"""A request up to this size goes out in one piece."""
_PIECES_AT_ONCE = 512
"""The kernel takes 1024 (IOV_MAX)."""
_MOST_HEAD, _MOST_BODY = 64 * 1024, 64 * 1024
_READ_BYTES = 16 * 1024


Piece = bytes | bytearray | memoryview


class WireError(OSError):
    """The answer is not HTTP as we take it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's status, headers in lower case, and as much of the body as says what is wrong."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """Kept connections to one server. Errors of `exchange`: OSError."""

    def __init__(
        self,
        address: SplitResult,
        *,
        connections: int,
        connect_timeout_s: float,
        read_timeout_s: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        is_secure = address.scheme == "https"
        self._host = address.hostname or ""
        self._port = address.port or (443 if is_secure else 80)
        self._tls = (tls or ssl.create_default_context()) if is_secure else None
        self._connect_timeout_s = connect_timeout_s
        self._read_timeout_s = read_timeout_s
        self._idle: deque[socket.socket] = deque(maxlen=connections)
        self._is_closed = False

    def exchange(self, head: bytes, pieces: Sequence[Piece]) -> Answer:
        """Send a request and read its answer."""
        connection = self._take()
        try:
            answer, is_kept = self._ask(connection, head, pieces)
        except BaseException:
            connection.close()
            raise
        if is_kept:
            self._keep(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Let the idle connections go, and each of the others when its exchange is over."""
        self._is_closed = True
        self._close_idle()

    def _close_idle(self) -> None:
        with suppress(IndexError):  # a thread that has just become idle may empty it beside us
            while True:
                self._idle.pop().close()

    def _take(self) -> socket.socket:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._dial()
            if not _has_news(connection):
                return connection
            connection.close()  # the server has closed it meanwhile, or talks out of turn

    def _keep(self, connection: socket.socket) -> None:
        if len(self._idle) == self._idle.maxlen:
            connection.close()
            return
        self._idle.append(connection)
        if self._is_closed:  # asked only now, so that no close falls in between
            self._close_idle()

    def _dial(self) -> socket.socket:
        plain = socket.create_connection((self._host, self._port), timeout=self._connect_timeout_s)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(self._read_timeout_s)
        if self._tls is None:
            return plain
        try:
            return self._tls.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise

    def _ask(self, connection: socket.socket, head: bytes, pieces: Sequence[Piece]) -> tuple[Answer, bool]:
        try:
            _send(connection, (head, *pieces))
        except (BrokenPipeError, ConnectionResetError):
            # A server that refuses may say so and hang up before it has heard us out.
            with suppress(OSError):
                return _read_answer(connection)[0], False
            raise
        return _read_answer(connection)


def _send(connection: socket.socket, pieces: Sequence[Piece]) -> None:
    """Send pieces one behind the other, unjoined, in as few calls as the kernel takes: each wakes who reads."""
    if sum(map(len, pieces)) <= _JOINED_BYTES:
        connection.sendall(b"".join(pieces))
    elif isinstance(connection, ssl.SSLSocket):  # which takes one at a time
        for piece in pieces:
            connection.sendall(piece)
    else:
        _send_scattered(connection, deque(memoryview(piece) for piece in pieces))


def _send_scattered(connection: socket.socket, left: deque[memoryview]) -> None:
    while left:
        sent = connection.sendmsg(list(islice(left, _PIECES_AT_ONCE)))
        while left and sent >= len(left[0]):
            sent -= len(left.popleft())
        if sent:
            left[0] = left[0][sent:]


def _read_answer(connection: socket.socket) -> tuple[Answer, bool]:
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        _read_more(connection, data, limit=_MOST_HEAD)
    status, version, headers = _parse_head(bytes(data[:end]))
    body, is_whole = _read_body(connection, data[end + 4 :], status, headers)
    is_kept = is_whole and version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return Answer(status, headers, body), is_kept


def _read_more(connection: socket.socket, data: bytearray, *, limit: int) -> None:
    chunk = connection.recv(_READ_BYTES)
    if not chunk:
        raise WireError("the server hung up")
    data += chunk
    if len(data) > limit + _READ_BYTES:
        raise WireError(f"an answer of more than {limit} bytes")


def _parse_head(head: bytes) -> tuple[int, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise WireError(f"no HTTP answer: {first[:50]!r}")
    pairs = (line.partition(":") for line in lines)
    return int(rest[:3]), version, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _read_body(connection: socket.socket, begun: bytearray, status: int, headers: dict[str, str]) -> tuple[bytes, bool]:
    """The body, and whether the connection stands right behind it. One of no known length is read as far as it goes."""
    if status == 204:
        return b"", not begun
    told = headers.get("content-length", "")
    if told.isdigit() and int(told) <= _MOST_BODY:
        while len(begun) < int(told):
            _read_more(connection, begun, limit=_MOST_BODY)
        return bytes(begun), len(begun) == int(told)
    with suppress(OSError):
        while not begun.endswith(b"0\r\n\r\n"):
            _read_more(connection, begun, limit=_MOST_BODY)
    return bytes(begun), False


def _has_news(connection: socket.socket) -> bool:
    """By poll, since select takes no descriptor above 1,023, and programs with many viewers have those."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
