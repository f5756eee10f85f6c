"""Requests out of path, query and body; errors name the field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.v1 import livestreams_pb2, media_pb2
from services.api.rest.binding import Pairs, bind, emptied_by
from services.api.rest.routes import Route, Routes
from services.common.errors import AppError, Kind

ROUTES = Routes(
    [
        livestreams_pb2.DESCRIPTOR.services_by_name["LivestreamService"],
        media_pb2.DESCRIPTOR.services_by_name["MediaService"],
    ]
)


def bound(verb: str, path: str, *, query: Pairs = (), body: bytes = b"") -> Any:
    found = ROUTES.find(verb, path)
    assert isinstance(found.route, Route)
    return bind(found.route, found.variables, query, body)


def refusal(verb: str, path: str, *, query: Pairs = (), body: bytes = b"") -> tuple[Kind, str | None]:
    with pytest.raises(AppError) as caught:
        bound(verb, path, query=query, body=body)
    return caught.value.kind, caught.value.field


def test_body_of_one_field_and_path_make_one_request() -> None:
    """PATCH: the body is the livestream, the path has its id, the query has the mask."""
    body = json.dumps({"id": "other", "name": "n", "reconnectWindow": "2.5s", "metadata": {"a": "b"}}).encode()

    request = bound("PATCH", "/v1/livestreams/abc", query=[("updateMask", "name,reconnectWindow")], body=body)

    assert (request.livestream.id, request.livestream.name) == ("abc", "n")
    assert request.livestream.reconnect_window.ToMilliseconds() == 2500
    assert list(request.update_mask.paths) == ["name", "reconnect_window"]


def test_update_empties_what_stands_empty_in_its_body() -> None:
    """At any depth; null is as if left out, what has presence of its own shows itself, an enum has words for all."""
    body = json.dumps(
        {
            "name": "",
            "single_use": False,
            "publishGate": True,
            "metadata": {},
            "creator": None,
            "record": False,
            "start": "START_UNSPECIFIED",
            "reconnectWindow": "0s",
            "etag": "7",
            "recording": {"allowedOrigins": [], "requireSignedUrls": False},
        }
    ).encode()
    found = ROUTES.find("PATCH", "/v1/livestreams/abc")
    assert isinstance(found.route, Route)
    request = bind(found.route, found.variables, (), body)

    assert emptied_by(found.route, request, body) == {"name", "single_use", "metadata", "recording.allowed_origins"}
    assert emptied_by(found.route, bind(found.route, found.variables, (), b""), b"") == frozenset()


@pytest.mark.parametrize("word", ["live", "NEVER", ""])
def test_unknown_word_is_told_which_there_are(word: str) -> None:
    """In the query and in a body, and not what the type is called."""
    with pytest.raises(AppError, match="state: must be one of IDLE, ACTIVE, LIVE, ") as asked:
        bound("GET", "/v1/livestreams", query=[("state", word)])
    with pytest.raises(AppError, match="start: must be one of AUTOMATIC, MANUAL"):
        bound("POST", "/v1/livestreams", body=json.dumps({"start": word}).encode())
    assert "UNSPECIFIED" not in asked.value.detail


@pytest.mark.parametrize("text", ["yesterday", "2026-01-31", "2026-01-31T00:00:00", "2026-02-31T00:00:00Z", ""])
def test_what_is_no_time_is_told_how_one_looks(text: str) -> None:
    """In the query and in a body; the parser's own words are of formats that nobody has typed."""
    for query, body in (([("after", text)], b""), ((), json.dumps({"createTime": text}).encode())):
        verb, path = ("POST", "/v1/livestreams") if body else ("GET", "/v1/livestreams")
        with pytest.raises(AppError) as caught:
            bound(verb, path, query=query, body=body)
        assert caught.value.violations[0].detail == "must be a time such as 2026-01-31T00:00:00Z"


def test_body_of_a_picture_is_taken_as_it_is() -> None:
    """With the type that the request gave it; nobody looks into it here."""
    found = ROUTES.find("PUT", "/v1/livestreams/abc/thumbnail")
    assert isinstance(found.route, Route)

    request: Any = bind(found.route, found.variables, (), b"\xff\xd8{", "image/jpeg")

    assert (request.livestream_id, request.image.content_type, request.image.data) == (
        "abc",
        "image/jpeg",
        b"\xff\xd8{",
    )


def test_empty_body_is_an_empty_object() -> None:
    """White space too."""
    assert bound("POST", "/v1/livestreams", body=b" \n") == bound("POST", "/v1/livestreams", body=b"{}")


def test_query_fills_numbers_enums_and_words() -> None:
    """In REST's spelling or in the proto's."""
    request = bound("GET", "/v1/livestreams", query=[("pageSize", "7"), ("page_token", "t"), ("state", "LIVE")])

    assert (request.page_size, request.page_token, request.state) == (7, "t", livestreams_pb2.Livestream.LIVE)


@pytest.mark.parametrize(("written", "meant"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_flag_in_a_query_is_true_or_false(written: str, meant: bool) -> None:
    """As people write them."""
    assert bound("DELETE", "/v1/livestreams/x", query=[("deleteMedia", written)]).delete_media is meant


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"nam": "x"}', "nam"),
        (b'{"name": 5}', "name"),
        (b'{"record": "maybe"}', "record"),
        (b'{"reconnectWindow": "soon"}', "reconnectWindow"),
        (b'{"metadata": {"a": 5}}', "metadata"),
        (b'{"inputs": [{"wrong": 1}]}', "inputs[0].wrong"),
    ],
)
def test_wrong_field_of_a_body_is_named(body: bytes, field: str) -> None:
    """Unknown or of the wrong type, also below the top."""
    assert refusal("POST", "/v1/livestreams", body=body) == (Kind.INVALID, field)


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b'"x"', b"\xff{}", b'{"name": "a", "name": "b"}', b"[" * 100_000]
)
def test_body_that_is_no_object_is_refused(body: bytes) -> None:
    """Not JSON, not an object, not UTF-8, a name twice, or endless depth."""
    assert refusal("POST", "/v1/livestreams", body=body)[0] is Kind.INVALID


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ([("pagesize", "1")], "pagesize"),
        ([("pageSize", "x")], "pageSize"),
        ([("pageSize", "1"), ("pageSize", "2")], "pageSize"),
        ([("state", "RUNNING")], "state"),
    ],
)
def test_wrong_parameter_is_named(query: Pairs, field: str) -> None:
    """Unknown, of the wrong type, or given twice."""
    assert refusal("GET", "/v1/livestreams", query=query) == (Kind.INVALID, field)


def test_wrong_number_is_told_without_the_words_of_our_language() -> None:
    """What was expected, and what came."""
    with pytest.raises(AppError, match="pageSize: expected a number, got 'abc'"):
        bound("GET", "/v1/livestreams", query=[("pageSize", "abc")])


@given(
    body=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda part: st.dictionaries(st.sampled_from(["name", "metadata", "inputs", "x"]), part),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_body_gives_anything_but_a_request_or_a_refusal(body: bytes) -> None:
    """Whatever is sent, the answer is in our words."""
    try:
        request = bound("POST", "/v1/livestreams", body=body)
    except AppError as error:
        request = error.kind

    assert isinstance(request, livestreams_pb2.CreateLivestreamRequest) or request is Kind.INVALID
