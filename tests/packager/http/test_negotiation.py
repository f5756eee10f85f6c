"""Which bytes a request gets."""

import pytest

from services.packager.http.negotiation import Outgoing, negotiate
from services.packager.http.response import Response
from services.packager.http.stream import Stream
from tests.packager.http.raw_client import parse_head
from tests.packager.http.site import PLAYLIST, PLAYLIST_BODY, SEGMENT, SEGMENT_BODY, Site
from tests.packager.http.test_request import a_request


def ask(response: Response, *lines: tuple[bytes, bytes], method: str = "GET", is_http10: bool = False) -> Outgoing:
    return negotiate(a_request(b"/", *lines, method=method, is_http10=is_http10), response, is_closing=False)


def headers_of(outgoing: Outgoing) -> dict[str, str]:
    status, headers = parse_head(outgoing.head + b"\r\n")
    assert status == outgoing.status
    return headers


def test_head_has_the_headers_of_get_and_no_body() -> None:
    """Length included (RFC 9110, 9.3.2)."""
    get, head = ask(SEGMENT), ask(SEGMENT, method="HEAD")
    assert head.head == get.head
    assert (head.length, get.length) == (0, len(SEGMENT_BODY))


def test_range_gives_part_of_the_body() -> None:
    """206 with what and of how much; across the pieces of the body."""
    outgoing = ask(SEGMENT, (b"Range", b"bytes=90-70099"))
    assert outgoing.status == 206
    assert headers_of(outgoing)["content-range"] == f"bytes 90-70099/{len(SEGMENT_BODY)}"
    assert headers_of(outgoing)["content-length"] == "70010"
    assert b"".join(outgoing.body) == SEGMENT_BODY[90:70100]


def test_unsatisfiable_range_gives_416_with_the_length() -> None:
    """So that the client can ask better."""
    outgoing = ask(SEGMENT, (b"Range", b"bytes=9999999-"))
    assert outgoing.status == 416
    assert headers_of(outgoing)["content-range"] == f"bytes */{len(SEGMENT_BODY)}"


@pytest.mark.parametrize(
    "lines",
    [
        [(b"Range", b"bytes=0-1,3-4")],
        [(b"Range", b"bytes=nonsense")],
        [(b"Range", b"bytes=0-1"), (b"If-Range", b'"other"')],
        [(b"Range", b"bytes=0-1"), (b"If-Range", b'W/"s1"')],
        [(b"Range", b"bytes=0-1"), (b"If-Range", b"Sat, 21 Nov 2026 00:00:00 GMT")],
    ],
)
def test_range_that_does_not_apply_gives_the_whole(lines: list[tuple[bytes, bytes]]) -> None:
    """Several ranges, bad ones, and ranges of another version of the body."""
    outgoing = ask(SEGMENT, *lines)
    assert (outgoing.status, outgoing.length) == (200, len(SEGMENT_BODY))


def test_range_of_the_same_version_is_served() -> None:
    """If-Range with our tag."""
    assert ask(SEGMENT, (b"Range", b"bytes=0-1"), (b"If-Range", b'"s1"')).status == 206


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_range_means_nothing_to_other_methods(method: str) -> None:
    """RFC 9110, 14.2."""
    assert ask(SEGMENT, (b"Range", b"bytes=0-1"), method=method).status == 200


def test_playlist_ignores_ranges() -> None:
    """It comes whole, in the coding that was asked for."""
    outgoing = ask(PLAYLIST, (b"Range", b"bytes=0-1"))
    assert (outgoing.status, b"".join(outgoing.body)) == (200, PLAYLIST_BODY)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_known_tag_gives_304_without_body(method: str) -> None:
    """With the headers that a cache refreshes from, even if a range was asked for."""
    outgoing = ask(SEGMENT, (b"If-None-Match", b'"x", W/"s1"'), (b"Range", b"bytes=0-1"), method=method)
    assert (outgoing.status, outgoing.length) == (304, 0)
    assert headers_of(outgoing)["etag"] == '"s1"'
    assert "content-length" not in headers_of(outgoing)


def test_tags_of_codings_are_different() -> None:
    """A client with the gzipped body is told that it is unchanged only if it would get the gzipped one."""
    gzip = (b"Accept-Encoding", b"gzip")
    assert ask(PLAYLIST, gzip, (b"If-None-Match", b'"p1-gzip"')).status == 304
    assert ask(PLAYLIST, gzip, (b"If-None-Match", b'"p1"')).status == 200
    assert ask(PLAYLIST, (b"If-None-Match", b'"p1"')).status == 304


def test_refusals_have_no_conditions() -> None:
    """An error is never "not modified"."""
    assert ask(Response(404, {}, b"x", etag='"e"'), (b"If-None-Match", b"*")).status == 404


def test_connection_header_follows_the_version() -> None:
    """HTTP/1.1 says only when it closes, HTTP/1.0 also when it stays."""
    assert "connection" not in headers_of(ask(SEGMENT))
    assert headers_of(ask(SEGMENT, (b"Connection", b"close")))["connection"] == "close"
    assert headers_of(ask(SEGMENT, is_http10=True))["connection"] == "close"
    stays = ask(SEGMENT, (b"Connection", b"keep-alive"), is_http10=True)
    assert headers_of(stays)["connection"] == "keep-alive"
    assert stays.keep_alive


def test_server_that_closes_says_so() -> None:
    """Whatever the client asked for."""
    outgoing = negotiate(a_request(b"/"), SEGMENT, is_closing=True)
    assert not outgoing.keep_alive
    assert headers_of(outgoing)["connection"] == "close"


def test_stream_is_ranged_by_its_source() -> None:
    """The span goes to whoever opens it."""
    stream = Stream(1000, Site().read)
    outgoing = ask(Response(200, {}, stream), (b"Range", b"bytes=-10"))
    assert (outgoing.status, outgoing.stream, outgoing.span) == (206, stream, (990, 1000))


def test_stream_of_unknown_length_depends_on_the_version() -> None:
    """Chunks, or for HTTP/1.0 the end of the connection."""
    response = Response(200, {}, Stream(None, Site().read))
    assert ask(response).is_chunked
    old = ask(response, (b"Connection", b"keep-alive"), is_http10=True)
    assert not old.is_chunked
    assert not old.keep_alive
    assert "transfer-encoding" not in headers_of(old)


def test_empty_stream_is_not_opened() -> None:
    """Nor is one whose head alone is wanted."""
    response = Response(200, {}, Stream(0, Site().read))
    assert ask(response).stream is None
    assert ask(Response(200, {}, Stream(9, Site().read)), method="HEAD").stream is None
