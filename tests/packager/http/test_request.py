"""Requests: paths and queries decoded on demand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.packager.http.fields import Fields
from services.packager.http.refusals import Refused
from services.packager.http.request import Request


def a_request(target: bytes, *lines: tuple[bytes, bytes], method: str = "GET", is_http10: bool = False) -> Request:
    return Request(method, target, Fields(lines, has_body=False), "192.0.2.1", is_http10=is_http10)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/", "/"),
        (b"/a/index.m3u8?x=/../", "/a/index.m3u8"),
        (b"/a%20b", "/a b"),
        (b"/%C3%BC", "/ü"),
        (b"/a..b/.c", "/a..b/.c"),
        (b"/a%2525", "/a%25"),
    ],
)
def test_paths_are_decoded_once(target: bytes, path: str) -> None:
    """Escapes become characters, and only once."""
    assert a_request(target).path == path


@pytest.mark.parametrize(
    "target",
    [
        b"/../etc/passwd",
        b"/a/..",
        b"/./a",
        b"/%2e%2e/a",
        b"/a%2Fb",
        b"/a%2fb",
        b"/a%00",
        b"/a%0d%0ab",
        b"/a%zz",
        b"/a%4",
        b"/a%",
        b"/%ff",
        b"/a\\b",
        b"/a%5cb",
        b"/a%+1",
    ],
)
def test_paths_that_could_mean_another_are_refused(target: bytes) -> None:
    """Dot segments, hidden slashes, control characters and broken escapes never reach a handler."""
    with pytest.raises(Refused) as refused:
        _ = a_request(target).path
    assert refused.value.status == 400


@given(st.binary(max_size=40))
def test_any_target_gives_a_safe_path_or_a_refusal(noise: bytes) -> None:
    """No printable target raises anything but Refused, and no accepted path climbs."""
    target = b"/" + bytes(33 + byte % 94 for byte in noise)
    try:
        path = a_request(target).path
    except Refused:
        return
    assert path.startswith("/")
    assert path.isprintable()
    assert ".." not in path.split("/")


def test_parameters_take_the_first_of_repeated_names() -> None:
    """Names and values are decoded; a bare name is empty."""
    request = a_request(b"/p?_HLS_msn=7&_HLS_part=2&_HLS_msn=8&a%20b=c+d&bare&=x&")
    assert request.parameters() == {"_HLS_msn": "7", "_HLS_part": "2", "a b": "c d", "bare": ""}
    assert request.query.startswith(b"_HLS_msn=7&")
    assert request.raw_path == b"/p"


def test_versions_differ_in_what_keeps_a_connection() -> None:
    """HTTP/1.1 stays unless told to close, HTTP/1.0 closes unless told to stay."""
    assert a_request(b"/").keep_alive
    assert not a_request(b"/", (b"Connection", b"close")).keep_alive
    assert not a_request(b"/", is_http10=True).keep_alive
    assert a_request(b"/", (b"Connection", b"Keep-Alive"), is_http10=True).keep_alive


def test_only_whole_bodies_over_lasting_connections_are_simple() -> None:
    """Everything else is negotiated."""
    assert a_request(b"/").is_simple
    assert not a_request(b"/", method="HEAD").is_simple
    assert not a_request(b"/", (b"Range", b"bytes=0-1")).is_simple
    assert not a_request(b"/", (b"Connection", b"close")).is_simple
    assert not a_request(b"/", (b"Connection", b"keep-alive"), is_http10=True).is_simple


def test_kept_headers_are_found_by_lower_case_name() -> None:
    """And what was not sent is None."""
    request = a_request(b"/", (b"User-Agent", b"player"))
    assert request.header("user-agent") == "player"
    assert request.header("cookie") is None
