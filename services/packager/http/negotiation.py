"""Which of a response's bytes a request gets: methods, conditions, ranges, versions. Pure.

The common case, a whole body over a connection that stays, never comes here.
"""

from dataclasses import dataclass, field

from services.packager.http.fields import matches_tag
from services.packager.http.ranges import Span, Unsatisfiable, cut, parse_range
from services.packager.http.request import Request
from services.packager.http.response import Form, Response, status_line
from services.packager.http.stream import Buffers, Stream

_NOTHING = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One answer on its way: the head lacks only date and the empty line."""

    status: int
    head: bytes
    keep_alive: bool
    body: Buffers = field(default=())
    stream: Stream | None = None
    span: Span = _NOTHING
    """Of the stream."""
    is_chunked: bool = False

    @property
    def length(self) -> int:
        """Bytes of `body`."""
        return sum(map(len, self.body))


def negotiate(request: Request, response: Response, *, is_closing: bool) -> Outgoing:
    """What goes out. `is_closing`: the server ends this connection whatever the client asked for."""
    form = response.form_for(accepts_gzip=request.fields.accepts_gzip)
    keep_alive = request.keep_alive and not is_closing
    is_read = request.method in ("GET", "HEAD")
    tags = request.fields.if_none_match
    if is_read and response.status == 200 and tags is not None and form.etag and matches_tag(tags, form.etag):
        head = status_line(304) + form.lines + _connection_line(request, keep_alive)
        return Outgoing(304, head, keep_alive)
    if request.method == "GET" and response.has_ranges and request.fields.range is not None:
        partial = _partial(request, response, form, keep_alive)
        if partial is not None:
            return partial
    return _whole(request, response, form, keep_alive)


def _partial(request: Request, response: Response, form: Form, keep_alive: bool) -> Outgoing | None:
    """206 or 416; None if the range is to be ignored."""
    condition = request.fields.if_range
    if condition is not None and condition != form.etag:  # RFC 9110, 13.1.5: compared strongly
        return None
    length = form.length or 0
    end = _connection_line(request, keep_alive)
    try:
        span = parse_range(request.fields.range or "", length)
    except Unsatisfiable:
        head = status_line(416) + b"content-range: bytes */%d\r\ncontent-length: 0\r\n" % length
        return Outgoing(416, head + end, keep_alive)
    if span is None:
        return None
    size = span.stop - span.start
    where = b"content-range: bytes %d-%d/%d\r\ncontent-length: %d\r\n" % (span.start, span.stop - 1, length, size)
    head = status_line(206) + form.lines + where + end
    if response.stream is not None:
        return Outgoing(206, head, keep_alive, stream=response.stream, span=span)
    return Outgoing(206, head, keep_alive, cut(form.body, span))


def _whole(request: Request, response: Response, form: Form, keep_alive: bool) -> Outgoing:
    head = form.head
    if form.length is None and request.is_http10:  # the end of the connection is the end of the body
        keep_alive = False
        head = status_line(response.status) + form.lines
    head += _connection_line(request, keep_alive)
    if request.method == "HEAD" or form.length == 0:
        return Outgoing(response.status, head, keep_alive)
    if response.stream is None:
        return Outgoing(response.status, head, keep_alive, form.body)
    span = Span(0, form.length or 0)
    is_chunked = form.length is None and not request.is_http10
    return Outgoing(response.status, head, keep_alive, stream=response.stream, span=span, is_chunked=is_chunked)


def _connection_line(request: Request, keep_alive: bool) -> bytes:
    if not keep_alive:
        return b"connection: close\r\n"
    return b"connection: keep-alive\r\n" if request.is_http10 else b""
