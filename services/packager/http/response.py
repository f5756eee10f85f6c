"""A response, with its heads rendered once however many clients it goes to. Pure."""

import gzip
from collections.abc import Mapping
from http import HTTPStatus

from services.packager.http.stream import Buffers, Stream

JOIN_BYTES = 16 * 1024
"""Bodies up to here are copied behind their head: one small buffer is cheaper to send than two."""

_SHARED_LINES = (
    b"access-control-allow-origin: *\r\n"
    b"access-control-expose-headers: "
    b"Accept-Ranges, Age, Cache-Control, Content-Length, Content-Range, Date, ETag, Retry-After, Server-Timing\r\n"
    b"timing-allow-origin: *\r\n"
)
_NO_BODY = frozenset({204, 304})


class Form:
    """A response in one content coding: its whole head but for connection and date, and its body."""

    __slots__ = ("body", "etag", "head", "length", "lines", "small")

    def __init__(self, status: int, lines: bytes, body: Buffers, *, length: int | None, etag: str | None) -> None:
        self.body = body
        self.length = length
        """Bytes of the body; None if only its end tells."""
        self.etag = etag
        self.lines = lines
        """Header lines without those that say how long the body is."""
        self.head = status_line(status) + lines + _length_line(status, length)
        self.small = b"".join(body) if length is not None and length <= JOIN_BYTES else None
        """The body in one piece, if that is short."""

    def private(self, status: int) -> "Form":
        """The same form, not for shared caches (RFC 9111, 5.2.2.7)."""
        lines = self.lines.replace(b"cache-control: public", b"cache-control: private")
        lines = lines.replace(b"cache-control: no-cache", b"cache-control: private, no-cache")
        return Form(status, lines, self.body, length=self.length, etag=self.etag)


class Response:
    """An answer. Handed to many requests, it is rendered once: so keep it, and make a new one only for a change.

    `headers` must not name connection, content-length, date, etag, vary or the shared access-control fields.
    `body` in several buffers is sent as they are, unjoined. With `gzipped` the client's Accept-Encoding chooses, and
    ranges are not served; otherwise a 200 with a known length serves them. `etag` is a quoted strong tag.
    Raises ValueError for a header that would break out of its line.
    """

    __slots__ = ("_private", "compressed", "has_ranges", "plain", "status", "stream")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str] | None = None,
        body: bytes | Buffers | Stream = b"",
        *,
        gzipped: bytes | None = None,
        etag: str | None = None,
    ) -> None:
        self.status = status
        self._private: Response | None = None
        self.stream = body if isinstance(body, Stream) else None
        buffers = _buffers(body)
        length = self.stream.length if self.stream else sum(map(len, buffers))
        self.has_ranges = status == HTTPStatus.OK and gzipped is None and length is not None
        lines = _render(headers or {}) + (b"accept-ranges: bytes\r\n" if self.has_ranges else b"")
        if gzipped is not None:
            lines += b"vary: accept-encoding\r\n"
        self.plain = Form(status, lines + _etag_line(etag), buffers, length=length, etag=etag)
        self.compressed = None if gzipped is None else _compressed(status, lines, gzipped, etag)

    def form_for(self, *, accepts_gzip: bool) -> Form:
        """The form that a client gets."""
        return self.compressed if accepts_gzip and self.compressed is not None else self.plain

    def private(self) -> "Response":
        """The same answer with a Cache-Control that lets nobody but the client keep it; made once."""
        if self._private is None:
            found = self._private = Response(self.status)
            found.stream, found.has_ranges = self.stream, self.has_ranges
            found.plain = self.plain.private(self.status)
            found.compressed = None if self.compressed is None else self.compressed.private(self.status)
        return self._private


def compress(body: bytes, *, level: int = 6) -> bytes:
    """Compress without a time stamp: equal input gives equal bytes in every replica."""
    return gzip.compress(body, level, mtime=0)


def status_line(status: int) -> bytes:
    """The status line and the lines that every answer has."""
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode() + _SHARED_LINES


def _compressed(status: int, lines: bytes, gzipped: bytes, etag: str | None) -> Form:
    own = f'{etag[:-1]}-gzip"' if etag else None  # RFC 9110, 8.8.3: each coding has a tag of its own
    lines += b"content-encoding: gzip\r\n" + _etag_line(own)
    return Form(status, lines, (gzipped,), length=len(gzipped), etag=own)


def _buffers(body: bytes | Buffers | Stream) -> Buffers:
    if isinstance(body, Stream):
        return ()
    if isinstance(body, bytes | memoryview):
        return (body,)
    return tuple(body)


def _render(headers: Mapping[str, str]) -> bytes:
    return b"".join(_line(name, value) for name, value in headers.items())


def _etag_line(etag: str | None) -> bytes:
    if etag is not None and not (len(etag) > 2 and etag[0] == etag[-1] == '"'):
        raise ValueError(f"not a quoted strong entity tag: {etag!r}")
    return b"" if etag is None else _line("etag", etag)


def _line(name: str, value: str) -> bytes:
    line = f"{name}: {value}"
    if not line.isprintable():
        raise ValueError(f"a header holds control characters: {line!r}")
    return line.encode("latin-1") + b"\r\n"


def _length_line(status: int, length: int | None) -> bytes:
    if status in _NO_BODY:
        return b""
    return b"transfer-encoding: chunked\r\n" if length is None else b"content-length: %d\r\n" % length
