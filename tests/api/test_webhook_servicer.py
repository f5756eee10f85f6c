"""Webhooks over REST, on a real api, a real NATS and a real receiver."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from headwater.cli.commands import app
from headwater.internal.v1.facts_pb2 import Fact
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until
from tests.api.webhooks.openssl import hmac_sha256, is_signed
from tests.api.webhooks.receiver import Heard, Receiver, receiving
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

WELL_KNOWN = (
    "/cloudflare/client/v4/accounts/default/realtime/kit/.well-known/webhooks.json",
    "/cloudflare/client/v4/accounts/default/realtime/kit/default/.well-known/webhooks.json",
    "/dyte/v2/.well-known/webhooks.json",
    "/.well-known/webhooks.json",
)


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """One that may send to this machine."""
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url, private_targets="allow") as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def _add(rest: Rest, url: str, **fields: Any) -> dict[str, Any]:
    return rest.call("POST", "/v1/webhooks", {"url": url, **fields})


def _await(receiver: Receiver, path: str, count: int = 1) -> list[Heard]:
    heard: list[Heard] = until(lambda: receiver.of(path), lambda found: len(found) >= count)
    return heard


def _connected(livestream: str) -> Fact:
    made = Fact(id=new_id(), livestream_id=livestream, broadcast_id=new_id(), instance="primary")
    made.time_us = 4_000_000_000_000_000
    made.encoder_connected.protocol = "rtmp"
    return made


def test_webhook_is_made_shown_changed_and_deleted(rest: Rest, receiver: Receiver) -> None:
    """All of its life in four calls, with the defaults and an etag."""
    made = _add(rest, receiver.url, name="mine")
    one = f"/v1/webhooks/{made['id']}"

    assert (made["format"], made["enabled"], made["events"]) == ("NATIVE", True, [])
    assert len(made["secret"]) == 32
    assert rest.call("GET", one) == made
    assert made in rest.call("GET", "/v1/webhooks")["webhooks"]

    changed = rest.call("PATCH", one, {"enabled": False, "events": ["ping"], "etag": made["etag"]})
    assert (changed["enabled"], changed["events"], changed["name"]) == (False, ["ping"], "mine")
    assert changed["secret"] == made["secret"]
    assert rest.patch(one, json={"name": "late", "etag": made["etag"]}).status_code in {409, 412}

    rest.call("DELETE", one)
    assert rest.get(one).status_code == 404


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"url": "ftp://example.org/"}, "webhook.url"),
        ({"url": "http://user:pass@example.org/"}, "webhook.url"),
        ({"url": "http://example.org/", "events": ["live_input.connected"]}, "webhook.events[0]"),
        ({"url": "http://example.org/", "format": "STREAM_LIVE", "events": ["ready"]}, "webhook.events[0]"),
        ({"url": "http://example.org/", "livestreamIds": ["0" * 32]}, "webhook.livestreamIds[0]"),
        ({"url": "http://example.org/", "appId": "none"}, "webhook.appId"),
    ],
)
def test_wrong_webhook_is_refused_with_the_field(rest: Rest, fields: dict[str, Any], at_fault: str) -> None:
    """Another scheme, credentials, another format's events, and things that are not there."""
    answer = rest.post("/v1/webhooks", json=fields)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [at_fault]


def test_webhook_of_a_livestream_that_is_gone_can_still_be_changed(rest: Rest) -> None:
    """What stays is not checked again; what is added is."""
    livestream = rest.call("POST", "/v1/livestreams", {})["id"]
    path = f"/v1/webhooks/{_add(rest, 'http://127.0.0.1:9/gone', livestreamIds=[livestream])['id']}"
    rest.call("DELETE", f"/v1/livestreams/{livestream}")

    assert rest.call("PATCH", path, {"enabled": False})["enabled"] is False
    refused = rest.patch(path, json={"livestreamIds": [livestream, new_id()]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "webhook.livestreamIds[1]")


def test_format_never_changes(rest: Rest) -> None:
    """Its receiver understands one."""
    made = _add(rest, "http://example.org/", format="STREAM")

    answer = rest.patch(f"/v1/webhooks/{made['id']}", json={"format": "NATIVE"})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "webhook.format")


def test_reader_sees_no_secret_and_changes_nothing(api: ApiServer, rest: Rest) -> None:
    """A token of read scope: null, and 403 for each write."""
    made = _add(rest, "http://example.org/")
    token = rest.call("POST", "/v1/tokens", {"name": "reader", "scope": "READ"})["secret"]
    with api.client(token) as reader:
        assert "secret" not in reader.call("GET", f"/v1/webhooks/{made['id']}") | {}
        assert reader.post("/v1/webhooks", json={"url": "http://example.org/"}).status_code == 403
        assert reader.post(f"/v1/webhooks/{made['id']}:ping", json={}).status_code == 403


def test_ping_is_sent_signed_and_logged(rest: Rest, receiver: Receiver) -> None:
    """By whichever replica holds it; openssl agrees on the signature."""
    made = _add(rest, f"{receiver.url}/ping", events=["media.ready"])

    ordered = rest.call("POST", f"/v1/webhooks/{made['id']}:ping", {})

    assert (ordered["state"], ordered["event"]) == ("PENDING", "ping")
    (heard,) = _await(receiver, "/ping")
    time_s, signature = heard.headers["webhook-signature"].removeprefix("time=").split(",sig1=")
    assert hmac_sha256(made["secret"], f"{time_s}.".encode() + heard.body) == signature
    log = f"/v1/webhooks/{made['id']}/deliveries"
    (delivery,) = until(
        lambda: rest.call("GET", log)["deliveries"], lambda found: bool(found) and found[0]["state"] == "DELIVERED"
    )
    assert (delivery["id"], delivery["body"].encode()) == (ordered["id"], heard.body)
    assert delivery["attempts"][0]["statusCode"] == 204
    assert made["secret"] not in delivery["body"]
    assert rest.call("GET", f"{log}?state=FAILED").get("deliveries", []) == []


def test_delivery_is_sent_again_under_the_same_id(rest: Rest, receiver: Receiver) -> None:
    """By order, though it was delivered."""
    made = _add(rest, f"{receiver.url}/again")
    ordered = rest.call("POST", f"/v1/webhooks/{made['id']}:ping", {})
    one = f"/v1/webhooks/{made['id']}/deliveries/{ordered['id']}:resend"
    _await(receiver, "/again")

    assert rest.call("POST", one, {})["id"] == ordered["id"]

    first, second = _await(receiver, "/again", 2)
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert rest.post(one.replace(ordered["id"], "0" * 32), json={}).status_code == 404


def test_fact_reaches_the_receiver(rest: Rest, others: Others, receiver: Receiver) -> None:
    """From the bus to the customer's server, filtered by event and livestream."""
    livestream = rest.call("POST", "/v1/livestreams", {"name": "one"})["id"]
    _add(rest, f"{receiver.url}/fact", events=["livestream.connected"], livestreamIds=[livestream])

    others.say(_connected(livestream))

    (heard,) = _await(receiver, "/fact")
    assert (heard.json["type"], heard.json["livestreamId"]) == ("livestream.connected", livestream)


def test_orders_are_told_too(rest: Rest, receiver: Receiver) -> None:
    """Activated, and disabled: with old and new, though no encoder ever came."""
    livestream = rest.call("POST", "/v1/livestreams", {})["id"]
    _add(rest, f"{receiver.url}/order", events=["livestream.state"], livestreamIds=[livestream])

    rest.call("POST", f"/v1/livestreams/{livestream}:activate", {})
    rest.call("POST", f"/v1/livestreams/{livestream}:disable", {})

    told = {(heard.json["data"]["old"], heard.json["data"]["new"]) for heard in _await(receiver, "/order", 2)}
    assert told == {("IDLE", "ACTIVE"), ("ACTIVE", "DISABLED")}


def test_realtimekits_signature_is_checked_by_the_tenants_public_key(
    rest: Rest, others: Others, receiver: Receiver, tmp_path: Path
) -> None:
    """At each base where that product's clients look, without a token; the private half is sealed."""
    made = _add(rest, f"{receiver.url}/rtk", format="REALTIMEKIT")
    rest.call("POST", f"/v1/webhooks/{made['id']}:ping", {})

    (heard,) = _await(receiver, "/rtk")

    with httpx.Client(base_url=str(rest.base_url)) as stranger:
        documents = [stranger.get(path).json() for path in WELL_KNOWN]
        assert stranger.post(WELL_KNOWN[0]).status_code == 405
        assert stranger.get(WELL_KNOWN[0].replace("default", "nobody", 1)).status_code == 404
    assert is_signed(tmp_path, documents[0]["publicKey"], heard.headers["rtk-signature"], heard.body)
    assert all(document == documents[0] for document in documents)
    assert b"PRIVATE KEY" not in (others.get("webhook-keys", "default") or b"")


def test_streamdivers_webhook_is_pinged_when_it_is_made_and_changed(rest: Rest, receiver: Receiver) -> None:
    """To validate it, as that product does."""
    made = _add(rest, f"{receiver.url}/sd", format="STREAMDIVER")
    _await(receiver, "/sd")

    rest.call("PATCH", f"/v1/webhooks/{made['id']}", {"name": "new"})

    assert [heard.json["event"] for heard in _await(receiver, "/sd", 2)] == ["ping", "ping"]


def test_dead_endpoint_does_not_hold_up_another(rest: Rest, receiver: Receiver) -> None:
    """It keeps its own connections waiting and nobody else's."""
    with receiving() as dead:
        dead.silent.set()
        silent = _add(rest, f"{dead.url}/dead")
        for _ in range(8):
            rest.call("POST", f"/v1/webhooks/{silent['id']}:ping", {})
        until(lambda: len(dead.heard) == 4)
        alive = _add(rest, f"{receiver.url}/alive")
        rest.call("POST", f"/v1/webhooks/{alive['id']}:ping", {})

        _await(receiver, "/alive")

        assert len(dead.heard) == 4
        rest.call("DELETE", f"/v1/webhooks/{silent['id']}")


def test_command_line_does_all_of_it(api: ApiServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create, list, get, update, ping, the log, resend and delete, against the real thing."""
    monkeypatch.setenv("HEADWATER_URL", api.url)
    monkeypatch.setenv("HEADWATER_TOKEN", api.token)

    made = _run("create", f"{receiver.url}/cli", "--name", "mine", "--event", "livestream.connected")
    assert (made["format"], made["events"], len(made["secret"])) == ("NATIVE", ["livestream.connected"], 32)
    assert made["id"] in [one["id"] for one in _run("list")["webhooks"]]
    assert _run("get", made["id"])["name"] == "mine"
    assert _run("update", made["id"], "--name", "yours")["name"] == "yours"
    ordered = _run("ping", made["id"])
    _await(receiver, "/cli")
    (logged,) = until(lambda: _run("deliveries", made["id"], "--state", "delivered").get("deliveries", []), bool)
    assert logged["id"] == ordered["id"]
    assert _run("resend", made["id"], ordered["id"])["id"] == ordered["id"]
    _await(receiver, "/cli", 2)
    table = CliRunner().invoke(app, ["webhooks", "deliveries", made["id"]]).stdout.splitlines()
    assert table[0].split() == ["ID", "STATE", "EVENT", "CREATED", "LAST", "ATTEMPT"]
    assert CliRunner().invoke(app, ["webhooks", "update", made["id"]]).exit_code == 2
    assert made["secret"] in CliRunner().invoke(app, ["webhooks", "get", made["id"]]).stdout
    assert _run("delete", made["id"]) == {}


def _run(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["webhooks", *words, "--json"])
    assert result.exit_code == 0, result.stderr
    answer: dict[str, Any] = orjson.loads(result.stdout)
    return answer
