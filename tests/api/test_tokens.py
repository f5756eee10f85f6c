"""Tokens of a tenant: how they are shown, for how long they are accepted, and when they were used; on a real api."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from headwater.internal.v1.records_pb2 import TokenRecord
from headwater.v1.tenants_pb2 import GetAppRequest
from headwater.v1.tenants_pb2_grpc import AppServiceStub
from headwater.v1.tokens_pb2 import Token
from services.api.kv_repository import KvRepository
from services.api.last_use import LastUse
from services.common.bus.connection import connect
from services.common.ids import digest, new_id, new_token
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from tests.api.running import ApiServer, Others, Rest, until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def status(api: ApiServer, headers: dict[str, str]) -> int:
    return httpx.get(f"{api.url}/v1/apps", headers=headers, timeout=20).status_code


def test_each_way_to_show_a_token_is_accepted(rest: Rest, api: ApiServer) -> None:
    """Bearer, its id with the secret, and an e-mail, whichever, with the secret as key."""
    made = rest.call("POST", "/v1/tokens", {"scope": "READ"})
    secret, dashed = made["secret"], "-".join((made["id"][:8], made["id"][8:12], made["id"][12:16], made["id"][16:20]))
    ways: list[dict[str, str]] = [
        {"Authorization": f"Bearer {secret}"},
        basic(made["id"], secret),
        basic(f"{dashed}-{made['id'][20:]}", secret),
        basic("admin", api.token),
        {"X-Auth-Email": "someone@example.com", "X-Auth-Key": secret},
    ]

    assert [status(api, headers) for headers in ways] == [200] * len(ways)


def test_secret_under_another_name_is_refused(rest: Rest, api: ApiServer) -> None:
    """Another token's id, the admin's, or none that there is."""
    one, two = (rest.call("POST", "/v1/tokens", {"scope": "READ"}) for _ in range(2))
    wrong = [
        basic(two["id"], one["secret"]),
        basic("admin", one["secret"]),
        basic(one["id"], api.token),
        {"X-Auth-Key": one["secret"]},
    ]

    assert [status(api, headers) for headers in wrong] == [401] * len(wrong)


def test_token_is_accepted_over_grpc_in_each_form(rest: Rest, api: ApiServer) -> None:
    """One guard for both edges; ids may have dashes there too."""
    made = rest.call("POST", "/v1/tokens", {"scope": "READ"})
    app = rest.call("POST", "/v1/apps", {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"})["id"]
    shown: Any = [tuple((key.lower(), value) for key, value in basic(made["id"], made["secret"]).items())]
    shown.append((("x-auth-email", "a@b.c"), ("x-auth-key", made["secret"])))
    with grpc.insecure_channel(f"127.0.0.1:{api.grpc_port}") as channel:
        request = GetAppRequest(id="0f8fad5b-d9cb-469f-a165-70867728950e")
        found = [AppServiceStub(channel).GetApp(request, metadata=each, timeout=10).id for each in shown]

    assert found == [app, app]


def test_token_that_has_expired_is_refused_and_says_so(api: ApiServer, others: Others) -> None:
    """At the stroke, without anybody removing it."""
    secret = new_token()
    record = TokenRecord(id=new_id(), scope=Token.ADMIN, create_time_us=1, expire_time_us=2)
    others.put("tokens", digest(secret), record)

    response = httpx.get(f"{api.url}/v1/apps", headers={"Authorization": f"Bearer {secret}"}, timeout=20)

    assert (response.status_code, response.json()["detail"]) == (401, "the token has expired")


def test_expiry_lies_ahead_and_is_shown(rest: Rest) -> None:
    """One in the past is refused, with the field named."""
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    behind = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    made = rest.call("POST", "/v1/tokens", {"scope": "READ", "expireTime": ahead})
    refused = rest.post("/v1/tokens", json={"scope": "READ", "expireTime": behind})

    assert datetime.fromisoformat(made["expireTime"]) == datetime.fromisoformat(ahead)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "token.expireTime"


def test_revoked_token_opens_nothing_at_another_replica_either(
    rest: Rest, api: ApiServer, nats: NatsServer, tmp_path: Path
) -> None:
    """Nor does the access token that was given for it there; within two seconds."""
    made = rest.call("POST", "/v1/tokens", {"scope": "READ"})
    grant = {"grant_type": "client_credentials", "client_id": made["id"], "client_secret": made["secret"]}
    with ApiServer(tmp_path / "second", nats.url, home=api.home) as second:
        url = f"{second.url}/streamdiver/realms/default/protocol/openid-connect/token"
        token = httpx.post(url, data=grant, timeout=20).json()["access_token"]
        shown = [{"Authorization": f"Bearer {each}"} for each in (made["secret"], token)]
        assert [status(one, headers) for one in (api, second) for headers in shown] == [200] * 4
        rest.call("DELETE", f"/v1/tokens/{made['id']}")

        for headers in shown:
            until(lambda headers=headers: status(second, headers), lambda code: code == 401)  # type: ignore[misc]  # bound now


async def test_last_use_is_written_later_and_brings_no_token_back(nats: NatsServer) -> None:
    """What is noted at a call is in the record after the next writing; a deleted token stays deleted."""
    bus = await connect(nats.url, name="test")
    try:
        tokens = KvRepository(await Spine(bus, ServiceSettings()).bucket("tokens"), TokenRecord)
        kept, gone = [await tokens.create(digest(new_token()), TokenRecord(id=new_id())) for _ in range(2)]
        last_use = LastUse(tokens)
        for stored in (kept, gone):
            last_use.note(stored, 1_000_000)
        last_use.note(kept, 2_000_000)
        await tokens.delete(gone.key)

        await last_use.write()

        written = await tokens.look_up(kept.key)
        assert written is not None
        assert written.record.last_use_time_us == 2_000_000
        assert await tokens.look_up(gone.key) is None
    finally:
        await bus.close()


def test_changes_of_tokens_and_tenants_are_logged_with_who_and_without_secrets(rest: Rest, api: ApiServer) -> None:
    """A line each."""
    made = rest.call("POST", "/v1/tokens", {"scope": "ADMIN"})
    with api.client(token=made["secret"]) as admin:
        other = admin.call("POST", "/v1/tokens", {"scope": "READ"})
        admin.call("DELETE", f"/v1/tokens/{other['id']}")
    log = api.log.read_text()

    lines = [line for line in log.splitlines() if other["id"] in line]
    assert ["created" in line or "deleted" in line for line in lines] == [True, True]
    assert all(made["id"] in line for line in lines)
    assert made["secret"] not in log
    assert other["secret"] not in log
