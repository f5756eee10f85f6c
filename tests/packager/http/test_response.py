"""Responses: heads rendered once."""

import gzip

import pytest

from services.packager.http.response import JOIN_BYTES, Response, compress
from services.packager.http.stream import Stream
from tests.packager.http.raw_client import parse_head
from tests.packager.http.site import Site


def headers_of(head: bytes) -> dict[str, str]:
    return parse_head(head + b"\r\n")[1]


def test_head_has_all_but_connection_and_date() -> None:
    """Status, own headers, length, tag and what lets any page read it."""
    form = Response(200, {"content-type": "video/mp4"}, b"abc", etag='"t"').plain
    headers = headers_of(form.head)
    assert headers["content-length"] == "3"
    assert headers["content-type"] == "video/mp4"
    assert headers["etag"] == '"t"'
    assert headers["accept-ranges"] == "bytes"
    assert headers["access-control-allow-origin"] == "*"
    assert {"Age", "Date", "Content-Length"} <= set(headers["access-control-expose-headers"].split(", "))
    assert "date" not in headers


def test_gzipped_form_has_its_own_tag_and_length() -> None:
    """Both forms say that they vary, and neither serves ranges."""
    body = b"#EXTM3U\n" * 50
    response = Response(200, {}, body, gzipped=compress(body), etag='"t"')
    assert response.form_for(accepts_gzip=False) is response.plain
    form = response.form_for(accepts_gzip=True)
    headers = headers_of(form.head)
    assert headers["content-encoding"] == "gzip"
    assert headers["etag"] == '"t-gzip"'
    assert gzip.decompress(b"".join(form.body)) == body
    assert headers["content-length"] == str(form.length)
    for each in (form, response.plain):
        assert headers_of(each.head)["vary"] == "accept-encoding"
        assert "accept-ranges" not in headers_of(each.head)


def test_response_without_gzip_has_one_form() -> None:
    """Segments are sent as they are."""
    response = Response(200, {}, b"x")
    assert response.form_for(accepts_gzip=True) is response.plain
    assert "vary" not in headers_of(response.plain.head)


def test_body_in_pieces_is_not_joined_unless_short() -> None:
    """A part's bytes are shared by all who get them."""
    piece = bytes(JOIN_BYTES)
    long = Response(200, {}, [piece, piece]).plain
    assert [id(buffer) for buffer in long.body] == [id(piece), id(piece)]
    assert long.small is None
    assert Response(200, {}, [b"a", memoryview(b"b")]).plain.small == b"ab"


def test_unknown_length_is_chunked() -> None:
    """And no ranges are promised."""
    response = Response(200, {}, Stream(None, Site().read))
    assert headers_of(response.plain.head)["transfer-encoding"] == "chunked"
    assert not response.has_ranges


@pytest.mark.parametrize("headers", [{"location": "/a\r\nset-cookie: x"}, {"x\n": "y"}, {"x": "\x00"}])
def test_header_that_breaks_out_of_its_line_is_an_error(headers: dict[str, str]) -> None:
    """Response splitting ends in an exception, not on the wire."""
    with pytest.raises(ValueError, match="control characters"):
        Response(302, headers)


@pytest.mark.parametrize("etag", ["t", 'W/"t"', '""', ""])
def test_entity_tag_must_be_quoted_and_strong(etag: str) -> None:
    """What a client sends back must compare equal."""
    with pytest.raises(ValueError, match="entity tag"):
        Response(200, {}, b"", etag=etag)


def test_compression_is_the_same_in_every_replica() -> None:
    """No time stamp, no name."""
    assert compress(b"a" * 1000) == compress(b"a" * 1000)
    assert compress(b"x")[4:8] == bytes(4)


@pytest.mark.parametrize(
    ("said", "kept"),
    [("public, max-age=1", "private, max-age=1"), ("no-cache", "private, no-cache"), ("no-store", "no-store")],
)
def test_private_answer_is_no_shared_caches_to_keep(said: str, kept: str) -> None:
    """In every form of it, and the answer itself stays as it was."""
    response = Response(200, {"cache-control": said}, b"x", gzipped=b"y")

    made = response.private()

    assert made.compressed is not None
    for form in (made.plain, made.compressed):
        assert f"cache-control: {kept}\r\n".encode() in form.head
    assert f"cache-control: {said}\r\n".encode() in response.plain.head
    assert made is response.private()
