"""Request heads out of a byte stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.packager.http.head import KNOWN_SECTIONS, HeadReader, _Section
from services.packager.http.limits import FIELDS_BYTES, TARGET_BYTES
from services.packager.http.refusals import Refused
from services.packager.http.request import Request

HOST = b"\r\nHost: h\r\n\r\n"
SIMPLE = b"GET /a?b HTTP/1.1" + HOST


def read_all(reader: HeadReader, pieces: list[bytes]) -> tuple[list[tuple[str, bytes, bool]], int | None]:
    """What a connection would read: the requests, and the status of the refusal, if there is one."""
    buffer = bytearray()
    seen: list[tuple[str, bytes, bool]] = []
    for piece in pieces:
        buffer += piece
        try:
            while request := reader.take(buffer, "peer"):
                seen.append((request.method, request.target, request.keep_alive))
        except Refused as refused:
            return seen, refused.status
    return seen, None


def refusal_of(data: bytes) -> int | None:
    return read_all(HeadReader(), [data])[1]


def take(data: bytes) -> Request:
    request = HeadReader().take(bytearray(data), "peer")
    assert request is not None
    return request


def test_head_is_read_and_cut_off() -> None:
    """What follows the head stays in the buffer."""
    buffer = bytearray(SIMPLE + b"GET")
    request = HeadReader().take(buffer, "192.0.2.1")
    assert request is not None
    assert (request.method, request.target, request.peer) == ("GET", b"/a?b", "192.0.2.1")
    assert request.header("host") == "h"
    assert buffer == b"GET"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00", 400),
        (b"get / HTTP/1.1" + HOST, 400),
        (b"GET /\r\n", 400),
        (b"GET / HTTP/1.1\n", 400),
        (b"GET  / HTTP/1.1" + HOST, 400),
        (b"GET /a b HTTP/1.1" + HOST, 400),
        (b"GET /\xff HTTP/1.1" + HOST, 400),
        (b"GET a HTTP/1.1" + HOST, 400),
        (b"GET * HTTP/1.1" + HOST, 400),
        (b"GET ftp://h/ HTTP/1.1" + HOST, 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\x00b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET /" + b"a" * TARGET_BYTES + b" HTTP/1.1" + HOST, 414),
        (b"GET /" + b"a" * 20_000, 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * FIELDS_BYTES + b"\r\n\r\n", 431),
    ],
)
def test_what_is_no_request_is_refused(data: bytes, status: int) -> None:
    """Malformed, ambiguous and outsized heads each have their status, on a cold and on a used reader."""
    reader = HeadReader()
    assert read_all(reader, [data])[1] == status
    assert read_all(reader, [SIMPLE])[0] == [("GET", b"/a?b", True)]
    assert read_all(reader, [data])[1] == status


def test_largest_legal_head_is_read() -> None:
    """Limits are reached, not undercut."""
    target = b"/" + b"a" * (TARGET_BYTES - 1)
    filler = b"X: " + b"a" * (FIELDS_BYTES - len(HOST) - 5)
    assert take(b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n" + filler + b"\r\n\r\n").target == target


@pytest.mark.parametrize(
    ("target", "origin_form"),
    [(b"http://h/a?b", b"/a?b"), (b"HTTP://h:80", b"/"), (b"https://h?q", b"/?q")],
)
def test_absolute_form_becomes_origin_form(target: bytes, origin_form: bytes) -> None:
    """As a proxy sends it (RFC 9112, 3.2.2)."""
    assert take(b"GET " + target + b" HTTP/1.1" + HOST).target == origin_form


def test_body_is_seen_and_not_mistaken_for_a_request() -> None:
    """A request that announces a body says so and cannot keep its connection."""
    for line in (b"Content-Length: 3", b"Transfer-Encoding: chunked"):
        request = take(b"POST / HTTP/1.1\r\nHost: h\r\n" + line + b"\r\n\r\n")
        assert request.fields.has_body
        assert not request.keep_alive
    assert take(b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").keep_alive


def test_upgrade_is_ignored() -> None:
    """A client that offers another protocol is answered in this one, and so are its next requests."""
    offer = b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    assert read_all(HeadReader(), [offer * 2]) == ([("GET", b"/a", True)] * 2, None)


def test_connections_that_close_do_not_disturb_others() -> None:
    """One reader serves many connections."""
    closing = b"GET /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    reader = HeadReader()
    assert read_all(reader, [closing])[0] == [("GET", b"/c", False)]
    assert read_all(reader, [SIMPLE])[0] == [("GET", b"/a?b", True)]


def test_known_header_sections_are_recalled() -> None:
    """A second request of the same client is recognised, with its own target; anything else is not."""
    reader = HeadReader()
    assert reader.recall(SIMPLE, "p") is None
    first = reader.take(bytearray(SIMPLE), "p")
    again = reader.recall(b"GET /other HTTP/1.1" + HOST, "q")
    assert first is not None
    assert again is not None
    assert (again.target, again.peer) == (b"/other", "q")
    assert again.fields is first.fields
    for data in (
        SIMPLE * 2,
        SIMPLE[:-1],
        b"HEAD / HTTP/1.1" + HOST,
        b"GET / HTTP/1.0" + HOST,
        b"GET /" + b"a" * TARGET_BYTES + b" HTTP/1.1" + HOST,
    ):
        assert reader.recall(data, "p") is None


def test_sections_that_need_a_second_look_are_never_recalled() -> None:
    """Neither those with a body nor those without a host."""
    reader = HeadReader()
    body = b"\r\nHost: h\r\nContent-Length: 3\r\n\r\n"
    reader.take(bytearray(b"GET / HTTP/1.1" + body), "p")
    reader.take(bytearray(b"GET / HTTP/1.0\r\n\r\n"), "p")
    assert reader.recall(b"GET / HTTP/1.1" + body, "p") is None
    assert reader.recall(b"GET / HTTP/1.1\r\n\r\n", "p") is None


def test_what_is_remembered_is_bounded() -> None:
    """Clients that never say the same twice do not fill the memory."""
    reader = HeadReader()
    for number in range(KNOWN_SECTIONS + 10):
        reader.take(bytearray(b"GET / HTTP/1.1\r\nHost: h%d\r\n\r\n" % number), "p")
    assert len(reader._known) <= KNOWN_SECTIONS


def test_section_with_a_second_head_inside_is_refused() -> None:
    """Should the two readers of a head ever disagree about its end, it is nobody's request."""
    with pytest.raises(Refused):
        _Section().read(HOST + SIMPLE)


HEADS = st.sampled_from(
    [
        SIMPLE,
        b"\r\nGET /leading HTTP/1.1" + HOST,
        b"HEAD /h HTTP/1.0\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: h\r\nOrigin: o\r\n\r\n",
        b"GET /r HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n",
        b"BREW /tea HTTP/1.1" + HOST,
        b"GET / HTTP/1.1\r\nHost : bad\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x00\x01",
    ]
)


@given(st.lists(st.one_of(HEADS, st.binary(max_size=30)), max_size=6), st.data())
def test_any_split_of_the_bytes_reads_the_same(parts: list[bytes], data: st.DataObject) -> None:
    """Requests and refusal depend on the bytes alone, never on how the network cut them."""
    whole = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    pieces = [whole[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert read_all(HeadReader(), pieces) == read_all(HeadReader(), [whole])


@given(st.binary(max_size=300))
def test_any_bytes_are_requests_or_refused(noise: bytes) -> None:
    """No bytes raise anything but Refused, nor loop."""
    assert refusal_of(noise) in (None, 400, 414, 431, 505)
    assert refusal_of(b"GET / HTTP/1.1\r\nHost: h\r\n" + noise) in (None, 400, 431)
