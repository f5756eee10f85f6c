"""Tenants and apps, on a real api."""

import pytest

from headwater.internal.v1.records_pb2 import LivestreamRecord, MediaRecord
from headwater.internal.v1.webhooks_pb2 import WebhookRecord
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until

pytestmark = pytest.mark.connected


def tenant_token(rest: Rest, tenant: str, scope: str = "ADMIN") -> str:
    response = rest.post("/v1/tokens", json={"scope": scope}, headers={"X-Headwater-Tenant": tenant})
    assert response.status_code == 200, response.text
    secret: str = response.json()["secret"]
    return secret


def test_first_tenant_and_first_app_are_always_there(rest: Rest) -> None:
    """Nobody has made them, and nobody can remove them."""
    tenants = rest.call("GET", "/v1/tenants")
    apps = rest.call("GET", "/v1/apps")

    assert tenants["tenants"][-1]["id"] == apps["apps"][-1]["id"] == "default"
    assert rest.call("GET", "/v1/tenants/default")["id"] == rest.call("GET", "/v1/apps/default")["id"] == "default"
    assert rest.delete("/v1/tenants/default").status_code == rest.delete("/v1/apps/default").status_code == 409
    assert rest.post("/v1/tenants", json={"id": "default"}).status_code == 409
    assert rest.post("/v1/apps", json={"id": "default"}).status_code == 409


def test_first_tenant_can_be_changed(rest: Rest) -> None:
    """Then it is written, and listed once all the same."""
    before = rest.call("GET", "/v1/tenants/default")
    changed = rest.call("PATCH", "/v1/tenants/default", {"name": "Ours", "storageQuotaBytes": "5000"})

    assert (changed["name"], changed["storageQuotaBytes"]) == ("Ours", "5000")
    assert rest.patch("/v1/tenants/default", json={"name": "x", "etag": before["etag"]}).status_code == 409
    assert [each["id"] for each in rest.call("GET", "/v1/tenants")["tenants"]].count("default") == 1


def test_tenant_is_made_changed_and_removed_by_the_admin_token(rest: Rest) -> None:
    """An id is chosen or drawn; a taken one is refused."""
    made = rest.call("POST", "/v1/tenants", {"id": "acme", "name": "Acme"})
    drawn = rest.call("POST", "/v1/tenants", {})

    assert (made["id"], made["name"], made["storageUsedBytes"]) == ("acme", "Acme", "0")
    assert len(drawn["id"]) == 32
    assert rest.post("/v1/tenants", json={"id": "acme"}).status_code == 409
    path = "/v1/tenants/acme"
    assert rest.patch(path, json={"name": "b"}, headers={"If-Match": '"0"'}).status_code == 412
    assert rest.call("PATCH", path, {"name": "B"})["name"] == "B"
    rest.call("DELETE", path)
    assert rest.get(path).status_code == rest.delete(path).status_code == 404


def test_id_with_dashes_names_the_same_tenant(rest: Rest) -> None:
    """In paths and in the header."""
    dashed = "0f8fad5b-d9cb-469f-a165-70867728950e"
    made = rest.call("POST", "/v1/tenants", {"id": dashed})

    assert made["id"] == dashed.replace("-", "")
    assert rest.call("GET", f"/v1/tenants/{dashed}")["id"] == made["id"]
    assert rest.get("/v1/apps", headers={"X-Headwater-Tenant": dashed}).status_code == 200


def test_tenants_token_acts_in_its_own_tenant_alone(rest: Rest, api: ApiServer) -> None:
    """It sees neither tokens nor apps of another one, may not name it, and makes no tenants."""
    rest.call("POST", "/v1/tenants", {"id": "one"})
    rest.call("POST", "/v1/apps", {"id": "of-default"})
    with api.client(token=tenant_token(rest, "one")) as admin:
        app = admin.call("POST", "/v1/apps", {"name": "App"})
        tokens = admin.call("GET", "/v1/tokens")["tokens"]
        apps = admin.call("GET", "/v1/apps")["apps"]
        named = {
            tenant: admin.get("/v1/apps", headers={"X-Headwater-Tenant": tenant}) for tenant in ("default", "none")
        }
        refused = admin.post("/v1/tenants", json={"id": "two"})
        foreign = admin.get("/v1/apps/of-default")

    assert [each["tenantId"] for each in tokens] == ["one"]
    assert [each["id"] for each in apps] == [app["id"], "default"]
    assert [each.status_code for each in named.values()] == [403, 403]
    assert named["default"].json()["detail"] == named["none"].json()["detail"]
    assert (refused.status_code, foreign.status_code) == (403, 404)
    assert app["id"] not in [each["id"] for each in rest.call("GET", "/v1/apps")["apps"]]


def test_admin_token_may_not_act_where_there_is_nothing(rest: Rest) -> None:
    """A tenant or an app that nobody has made."""
    assert rest.get("/v1/apps", headers={"X-Headwater-Tenant": "nobody"}).status_code == 404
    assert rest.get("/v1/apps", headers={"X-Headwater-App": "nothing"}).status_code == 404
    assert rest.get("/v1/apps", headers={"X-Headwater-App": "default"}).status_code == 200


def test_only_an_empty_tenant_goes_and_its_tokens_with_it(rest: Rest, api: ApiServer, others: Others) -> None:
    """A token of the old tenant opens nothing in a new one of the same name."""
    rest.call("POST", "/v1/tenants", {"id": "full"})
    secret, key = tenant_token(rest, "full"), new_id()
    signing = rest.post("/v1/signingKeys", json={}, headers={"X-Headwater-Tenant": "full"})
    others.put("livestreams", key, LivestreamRecord(id=key, tenant_id="full", create_time_us=1))
    until(lambda: rest.delete("/v1/tenants/full").status_code, lambda status: status == 409)
    others.remove("livestreams", key)
    until(lambda: rest.delete("/v1/tenants/full").status_code, lambda status: status == 200)
    rest.call("POST", "/v1/tenants", {"id": "full"})

    with api.client(token=secret) as old:
        assert old.get("/v1/apps").status_code == 401
    assert signing.status_code == 200
    kept = rest.get("/v1/signingKeys", headers={"X-Headwater-Tenant": "full"}).json()
    assert kept["signingKeys"] == []


def test_tenant_with_a_webhook_is_not_empty(rest: Rest, api: ApiServer, others: Others) -> None:
    """A new tenant of the same name must not be heard by the old one's server."""
    rest.call("POST", "/v1/tenants", {"id": "heard"})
    key, path = new_id(), "/v1/webhooks/{}"
    others.put("webhooks", key, WebhookRecord(id=key, tenant_id="heard", create_time_us=1))
    with api.client(token=tenant_token(rest, "heard", "READ")) as reader:  # who sees no secret: there is none
        until(lambda: reader.get(path.format(key)).status_code, lambda status: status == 200)

    assert rest.delete("/v1/tenants/heard").status_code == 409
    assert rest.delete(path.format(key), headers={"X-Headwater-Tenant": "heard"}).status_code == 200
    rest.call("DELETE", "/v1/tenants/heard")


def test_recordings_count_as_their_tenants_storage(rest: Rest, others: Others) -> None:
    """And hold its app back from being removed."""
    rest.call("POST", "/v1/tenants", {"id": "stored"})
    headers, key = {"X-Headwater-Tenant": "stored"}, new_id()
    app = rest.post("/v1/apps", json={"id": "a"}, headers=headers).json()["id"]
    others.put("media", key, MediaRecord(id=key, tenant_id="stored", app_id=app, size_bytes=77, create_time_us=1))

    until(lambda: rest.delete(f"/v1/apps/{app}", headers=headers).status_code, lambda status: status == 409)
    until(lambda: rest.call("GET", "/v1/tenants/stored")["storageUsedBytes"], lambda used: used == "77")
