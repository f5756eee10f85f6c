"""The REST client of the command line against a small API server."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headwater import ApiError, UnreachableError
from headwater.address import default_token, default_url
from headwater.errors import Violation
from headwater.rest.client import RestClient
from tests.headwater.small_api import TOKEN, SmallApi, small_api


@pytest.fixture
def api() -> Iterator[SmallApi]:
    with small_api() as server:
        yield server


def test_created_livestream_reads_back_and_changes(api: SmallApi) -> None:
    """Create, get, update, activate, idle and delete are the REST calls of the contract."""
    client = RestClient(api.url, TOKEN)
    made = client.livestreams.create(name="Town hall")
    assert client.livestreams.get(made["id"])["name"] == "Town hall"
    assert client.livestreams.update(made["id"], name="Council")["name"] == "Council"
    assert client.livestreams.activate(made["id"])["state"] == "ACTIVE"
    assert client.livestreams.idle(made["id"])["state"] == "IDLE"
    client.livestreams.delete(made["id"], delete_media=True)
    assert api.requests[-1][:2] == ("DELETE", f"/v1/livestreams/{made['id']}?deleteMedia=true")
    assert list(client.livestreams.list()) == []


def test_client_acts_in_a_tenant_and_makes_what_is_in_it(api: SmallApi) -> None:
    """Tenants, apps and tokens are the REST calls of the contract."""
    client = RestClient(api.url, TOKEN, tenant="acme")
    client.tenants.create("other", name="Other")
    client.tenants.update("other", storageQuotaBytes="1")
    assert client.tenants.get("other")["storageQuotaBytes"] == "1"
    client.apps.create("app")
    client.tokens.create("ci", "READ", expire_time="2030-01-01T00:00:00Z")
    assert api.requests[-1][2] == {"name": "ci", "scope": "READ", "expireTime": "2030-01-01T00:00:00Z"}
    assert api.tenant == "acme"
    client.tenants.delete("other")
    client.apps.delete("app")
    assert (list(client.tenants.list()), list(client.apps.list())) == ([], [])


def test_list_follows_page_tokens_to_the_end(api: SmallApi) -> None:
    """A list is all there is, however many pages the server makes of it."""
    for number in range(5):
        api.add_livestream(f"stream {number}")
    names = [one["name"] for one in RestClient(api.url, TOKEN).livestreams.list()]
    assert names == [f"stream {number}" for number in range(5)]
    assert len(api.requests) == 3


def test_refusal_carries_status_detail_and_fields(api: SmallApi) -> None:
    """A problem document becomes an ApiError with what it said."""
    livestream = api.add_livestream("x")
    with pytest.raises(ApiError) as caught:
        RestClient(api.url, TOKEN).livestreams.update(livestream["id"], name="bad")
    assert caught.value.status == 400
    assert caught.value.detail == "the request is wrong"
    assert caught.value.violations == (Violation("name", "is bad"),)


def test_identifier_with_a_slash_stays_one_segment(api: SmallApi) -> None:
    """Whatever a caller passes as an id cannot reach another path."""
    with pytest.raises(ApiError) as caught:
        RestClient(api.url, TOKEN).livestreams.get("../tokens?x")
    assert caught.value.status == 404
    assert api.requests[-1][1] == "/v1/livestreams/..%2Ftokens%3Fx"


def test_nobody_there_is_an_error_of_its_own() -> None:
    """A refused connection says where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    with pytest.raises(UnreachableError, match=f"127.0.0.1:{number}: Connection refused"):
        next(RestClient(f"http://127.0.0.1:{number}", "x").livestreams.list())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "is not Headwater's API"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>", "is not Headwater's API: HTTP status 404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{}", "the answer broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{}", "the answer broke off"),
        (b"SSH-2.0-OpenSSH\r\n", "the answer broke off"),
        (b"", "nobody answers"),
    ],
)
def test_answer_that_is_none_of_ours_is_no_success(answer: bytes, said: str) -> None:
    """Another server, or one that was killed in the middle."""
    with answering(answer) as url, pytest.raises(UnreachableError, match=said):
        RestClient(url, "x").livestreams.get("a" * 32)


def test_file_that_broke_off_is_no_whole_one() -> None:
    """Whoever writes it down is told."""
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\nan mp4") as url:
        blocks = RestClient(url, "x").media.fetch("/file.mp4")
        assert next(blocks) == b"an mp4"
        with pytest.raises(UnreachableError, match="broke off"):
            next(blocks)


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "http://", "http://[::1", "http://127.0.0.1:99999", "ftp://x"])
def test_address_that_is_none_is_told_in_words(url: str) -> None:
    """Before anything is asked."""
    with pytest.raises(UnreachableError, match="is no address"):
        RestClient(url, "x")


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Whatever it is asked, it says this to one caller and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def say() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=say)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_address_comes_from_the_environment_or_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HEADWATER_URL and HEADWATER_TOKEN win; else the folder says the token and the port offset."""
    for name in ("HEADWATER_URL", "HEADWATER_TOKEN", "HEADWATER_PORT_OFFSET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path))
    assert (default_url(), default_token()) == ("http://127.0.0.1:8080", "")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "environment").write_text(json.dumps({"HEADWATER_PORT_OFFSET": "1000"}))
    (tmp_path / "admin-token").write_text("hw_x\n")
    assert (default_url(), default_token()) == ("http://127.0.0.1:9080", "hw_x")
    monkeypatch.setenv("HEADWATER_URL", "https://live.example")
    monkeypatch.setenv("HEADWATER_TOKEN", "hw_y")
    assert (default_url(), default_token()) == ("https://live.example", "hw_y")


def test_port_offset_that_is_no_number_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not to another system, that may be there without one."""
    monkeypatch.delenv("HEADWATER_URL", raising=False)
    monkeypatch.setenv("HEADWATER_PORT_OFFSET", "1000x")
    with pytest.raises(UnreachableError, match="HEADWATER_PORT_OFFSET: '1000x' is no number"):
        default_url()


def test_downloads_of_a_media_are_asked_for_without_pages(api: SmallApi) -> None:
    """The API has no pages there and refuses parameters that it does not know."""
    media = api.add_media("a" * 32)["id"]
    (one,) = RestClient(api.url, TOKEN).media.downloads(media)
    assert one == {"format": "MP4", "state": "IN_PROGRESS", "percent": 40}
    assert api.requests[-1][:2] == ("GET", f"/v1/media/{media}/downloads")
