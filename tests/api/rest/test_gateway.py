"""Every refusal of the HTTP edge, on a real api."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.running import ApiServer, Rest
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder = tmp_path_factory.mktemp("api")
    with NatsServer(folder / "nats") as nats, ApiServer(folder / "api", nats.url) as server:
        yield server


@pytest.fixture
def rest(api: ApiServer) -> Iterator[Rest]:
    with api.client() as client:
        yield client


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["detail"]
    return document


def test_wrong_body_is_400_and_names_the_field(rest: Rest) -> None:
    """Unknown fields, and values that the protos' rules refuse."""
    unknown = problem(rest.post("/v1/livestreams", json={"nome": "x"}), 400)
    long = problem(rest.post("/v1/livestreams", json={"name": "x" * 257}), 400)
    window = problem(rest.post("/v1/livestreams", json={"reconnectWindow": "1801s"}), 400)

    assert [each["errors"][0]["field"] for each in (unknown, long, window)] == [
        "nome",
        "livestream.name",
        "livestream.reconnectWindow",
    ]


def test_wrong_page_is_400(rest: Rest) -> None:
    """Sizes above the limit and tokens that are none."""
    assert problem(rest.get("/v1/livestreams?pageSize=1001"), 400)["errors"][0]["field"] == "pageSize"
    assert problem(rest.get("/v1/livestreams?pageToken=xyz"), 400)["errors"][0]["field"] == "pageToken"


def test_id_that_is_none_is_400_and_one_that_is_not_there_404(rest: Rest) -> None:
    """The shape is checked before anything is looked up."""
    problem(rest.get("/v1/livestreams/xyz"), 400)
    problem(rest.patch("/v1/livestreams/xyz", json={"name": "a"}), 400)
    problem(rest.get(f"/v1/livestreams/{'0' * 32}"), 404)
    problem(rest.get(f"/v1/media/{'0' * 32}"), 404)
    problem(rest.get(f"/v1/livestreams/{'0' * 32}/broadcasts"), 404)


def test_without_a_token_is_401_with_how_to_sign_in(api: ApiServer) -> None:
    """Closed by default."""
    with api.client(token="") as anybody:
        response = anybody.get("/v1/livestreams")
        problem(response, 401)
        problem(anybody.get("/v1/livestreams", headers={"Authorization": "Digest eDp5"}), 401)

    assert response.headers["www-authenticate"].startswith("Bearer")


def test_body_of_a_stranger_is_not_looked_at(api: ApiServer) -> None:
    """However large or wrong it is, he is told that a token is needed."""
    with api.client(token="") as anybody:
        path = f"/v1/livestreams/{'0' * 32}/thumbnail"
        problem(anybody.put(path, content=bytes(11_000_000), headers={"Content-Type": "image/png"}), 401)
        problem(anybody.post("/v1/livestreams", content=b"{", headers={"Content-Type": "application/json"}), 401)


def test_unknown_path_is_404_and_unknown_verb_405(rest: Rest) -> None:
    """405 says what is possible."""
    problem(rest.get("/v1/nothing"), 404)
    response = rest.put("/v1/livestreams", json={})
    problem(response, 405)

    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/healthz"])
def test_page_is_only_to_be_read(rest: Rest, path: str) -> None:
    """And so says the answer to anything else."""
    response = rest.post(path, json={})
    assert "only GET, HEAD" in problem(response, 405)["detail"]
    assert response.headers["allow"] == "GET, HEAD"


def test_condition_on_what_is_yet_to_be_made_is_400(rest: Rest) -> None:
    """None that is not looked at is passed over."""
    assert "If-Match" in problem(rest.post("/v1/livestreams", json={}, headers={"If-Match": '"7"'}), 400)["detail"]


def test_order_in_the_wrong_state_is_409(rest: Rest) -> None:
    """Nothing is on air that could be ended."""
    made = rest.call("POST", "/v1/livestreams", {})

    assert "not on air" in problem(rest.post(f"/v1/livestreams/{made['id']}:idle", json={}), 409)["detail"]


def test_stale_if_match_is_412_and_stale_etag_in_the_body_409(rest: Rest) -> None:
    """Whoever says which version he has read writes over no other."""
    made = rest.call("POST", "/v1/livestreams", {})
    path = f"/v1/livestreams/{made['id']}"
    read = rest.get(path).headers["etag"]

    assert rest.patch(path, json={"name": "a"}, headers={"If-Match": read}).status_code == 200
    problem(rest.patch(path, json={"name": "b"}, headers={"If-Match": read}), 412)
    problem(rest.delete(path, headers={"If-Match": read}), 412)
    problem(rest.patch(path, json={"name": "b", "etag": made["etag"]}), 409)
    assert rest.patch(path, json={"name": "c"}, headers={"If-Match": "*"}).json()["name"] == "c"


def test_body_above_the_limit_is_413(rest: Rest) -> None:
    """Whether its length is told beforehand or not."""

    def blocks() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    problem(rest.post("/v1/livestreams", content=b" " * 1_100_000), 413)
    problem(rest.post("/v1/livestreams", content=blocks(), headers={"Content-Type": "application/json"}), 413)


def test_body_that_is_not_json_is_415(rest: Rest) -> None:
    """By its type; an order without a body needs none."""
    problem(rest.post("/v1/livestreams", content=b"name=x", headers={"Content-Type": "text/plain"}), 415)
    made = rest.call("POST", "/v1/livestreams", {})

    assert rest.post(f"/v1/livestreams/{made['id']}:activate").status_code == 200


def test_part_that_is_away_is_503_with_when_to_come_back(rest: Rest) -> None:
    """No stats runs here."""
    made = rest.call("POST", "/v1/livestreams", {})
    response = rest.get(f"/v1/livestreams/{made['id']}/statistics")
    problem(response, 503)

    assert int(response.headers["retry-after"]) >= 1


def test_guessing_is_slowed_down_and_a_good_token_is_not(api: ApiServer, rest: Rest) -> None:
    """429 says when; who has a token notices nothing."""
    with api.client(token="hw_guess") as guesser:
        responses = [guesser.get("/v1/livestreams") for _ in range(25)]

    assert [each.status_code for each in responses] == [401] * 20 + [429] * 5
    assert 1 <= int(responses[-1].headers["retry-after"]) <= 60
    rest.call("GET", "/v1/livestreams")


def test_pages_are_open_bounded_and_same_origin(api: ApiServer) -> None:
    """The page, its parts and the reference need no token and load nothing from elsewhere."""
    with api.client(token="") as anybody:
        for path in ("/", "/docs", "/static/app.js", "/static/style.css", "/openapi.json"):
            response = anybody.get(path)
            assert response.status_code == 200, path
            assert response.headers["content-security-policy"].startswith("default-src 'self'")
            assert anybody.get(path, headers={"If-None-Match": response.headers["etag"]}).status_code == 304
        assert anybody.get("/healthz").text == "ok\n"
        assert anybody.get("/static/../settings.py").status_code == 404


def test_ready_names_who_is_missing(api: ApiServer) -> None:
    """Neither an encoder nor a viewer could do anything yet."""
    with api.client(token="") as anybody:
        response = anybody.get("/readyz")

    assert response.status_code == 503
    assert set(response.json()["failing"]) == {"ingest", "packager", "origin"}


def test_connection_with_an_endless_head_is_closed(api: ApiServer) -> None:
    """A head has a limit in bytes before it is whole."""
    with socket.create_connection(("127.0.0.1", api.ports[0]), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        deadline = time.monotonic() + 5
        with pytest.raises(OSError):  # noqa: PT012  the write that is refused is one of many
            while time.monotonic() < deadline:
                client.sendall(b"X-Padding: " + b"x" * 8000 + b"\r\n")
            client.settimeout(0.001)
            client.recv(1)


def test_head_is_answered_as_get_without_a_body(rest: Rest) -> None:
    """RFC 9110 section 9.3.2."""
    response = rest.head("/v1/livestreams")

    assert (response.status_code, response.content) == (200, b"")
