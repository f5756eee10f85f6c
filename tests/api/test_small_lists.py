"""The lists of what people make by hand, over REST: each order and filter, by values."""

from collections.abc import Iterator
from typing import Any

import pytest

from headwater.internal.v1.webhooks_pb2 import DeliveryRecord
from headwater.v1.webhooks_pb2 import Delivery
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until

pytestmark = pytest.mark.connected


@pytest.fixture
def ours(api: ApiServer, rest: Rest) -> Iterator[Rest]:
    """The administrator in a tenant of the test's own."""
    tenant = new_id()
    rest.call("POST", "/v1/tenants", {"id": tenant, "name": "Own"})
    with api.client() as client:
        client.headers["X-Headwater-Tenant"] = tenant
        yield client


def names(rest: Rest, path: str, plural: str, **query: Any) -> str:
    found = rest.get(path, params=query)
    assert found.status_code == 200, found.text
    assert found.json()["totalCount"] == len(found.json()[plural])
    return " ".join(each["name"] for each in found.json()[plural])


def refused(rest: Rest, path: str) -> bool:
    return all(
        rest.get(path, params=query).status_code == 400
        for query in ({"orderBy": "id"}, {"orderBy": "create_time down"}, {"pageToken": "x"}, {"page": -1})
    )


def test_tenants_by_name_and_time(rest: Rest) -> None:
    """The one that is always there has no time and comes last, or first the other way round."""
    made = [rest.call("POST", "/v1/tenants", {"name": f"list {name}"}) for name in ("b", "C", "a")]
    rest.call("PATCH", f"/v1/tenants/{made[0]['id']}", {"storageQuotaBytes": "1"})

    assert names(rest, "/v1/tenants", "tenants", name="LIST", orderBy="name") == "list a list b list C"
    assert names(rest, "/v1/tenants", "tenants", name="list", orderBy="update_time desc") == "list b list a list C"
    assert names(rest, "/v1/tenants", "tenants", name="list", after=made[2]["createTime"]) == "list a"
    assert names(rest, "/v1/tenants", "tenants", orderBy="create_time").startswith("Default ")
    assert refused(rest, "/v1/tenants")


def test_apps_by_name_and_time(ours: Rest) -> None:
    """The one that is always there among them."""
    made = [ours.call("POST", "/v1/apps", {"name": name}) for name in ("b", "C", "a")]

    assert names(ours, "/v1/apps", "apps") == "a C b Default"
    assert names(ours, "/v1/apps", "apps", orderBy="name desc") == "Default C b a"
    assert names(ours, "/v1/apps", "apps", before=made[1]["createTime"], orderBy="create_time") == "Default b"
    assert names(ours, "/v1/apps", "apps", name="A") == "a Default"
    assert refused(ours, "/v1/apps")


def test_tokens_by_name_scope_use_and_end(ours: Rest) -> None:
    """What ends never ends last, and what was never used was used first."""
    for name, scope, ends in (
        ("b", "READ", "2200-01-01T00:00:00Z"),
        ("C", "WRITE", None),
        ("a", "READ", "2100-01-01T00:00:00Z"),
    ):
        ours.call("POST", "/v1/tokens", {"name": name, "scope": scope} | ({"expireTime": ends} if ends else {}))

    assert names(ours, "/v1/tokens", "tokens") == "a C b"
    assert names(ours, "/v1/tokens", "tokens", orderBy="name") == "a b C"
    assert names(ours, "/v1/tokens", "tokens", scope="READ", orderBy="create_time") == "b a"
    assert names(ours, "/v1/tokens", "tokens", orderBy="expire_time") == "a b C"
    assert len(names(ours, "/v1/tokens", "tokens", orderBy="last_use_time")) == 5
    assert names(ours, "/v1/tokens", "tokens", name="c") == "C"
    assert refused(ours, "/v1/tokens")


def test_signing_keys_by_time(ours: Rest) -> None:
    """They have nothing else to be told apart by."""
    made = [ours.call("POST", "/v1/signingKeys", {}) for _ in range(2)]

    def keys(**query: str) -> list[str]:
        return [each["id"] for each in ours.get("/v1/signingKeys", params=query).json()["signingKeys"]]

    first, second = (each["id"] for each in made)
    assert (keys(), keys(orderBy="create_time")) == ([second, first], [first, second])
    assert (keys(after=made[1]["createTime"]), keys(before=made[1]["createTime"])) == ([second], [first])
    assert refused(ours, "/v1/signingKeys")


def test_webhooks_by_name_switch_format_and_what_they_hear(ours: Rest) -> None:
    """One that names no event hears of all; as with livestreams."""
    livestream = ours.call("POST", "/v1/livestreams", {"name": "l"})["id"]
    made: list[dict[str, Any]] = [
        {"name": "b", "events": ["media.ready"], "enabled": False},
        {"name": "C", "livestreamIds": [livestream]},
        {"name": "a", "format": "STREAM", "events": ["ready"]},
    ]
    for each in made:
        ours.call("POST", "/v1/webhooks", {"url": "https://1.1.1.1/hook", **each})

    def found(**query: str) -> str:
        return names(ours, "/v1/webhooks", "webhooks", **query)

    assert (found(), found(orderBy="name"), found(orderBy="update_time")) == ("a C b", "a b C", "b C a")
    assert (found(enabled="true"), found(enabled="false")) == ("a C", "b")
    assert (found(event="media.ready"), found(livestreamId=livestream), found(livestreamId=new_id())) == (
        "C b",
        "a C b",
        "a b",
    )
    assert (found(format="STREAM"), found(name="B")) == ("a", "b")
    assert refused(ours, "/v1/webhooks")


def test_deliveries_by_time_state_event_and_livestream(ours: Rest, others: Others) -> None:
    """Of one webhook's log."""
    webhook = ours.call("POST", "/v1/webhooks", {"url": "https://1.1.1.1/hook", "enabled": False})["id"]
    livestream, path = new_id(), f"/v1/webhooks/{webhook}/deliveries"
    ids = [new_id() for _ in range(3)]
    for number, (drawn, event) in enumerate(zip(ids, ("a", "b", "a"), strict=True)):
        record = DeliveryRecord(id=drawn, webhook_id=webhook, event=event, state=Delivery.DELIVERED)
        record.create_time_us, record.livestream_id = (number + 1) * 1_000_000, livestream if number else ""
        others.put("deliveries", f"{webhook}.{drawn}", record)

    def found(**query: str) -> list[int]:
        return [ids.index(each["id"]) for each in ours.get(path, params=query).json()["deliveries"]]

    until(lambda: len(found()) == 3)
    assert (found(), found(orderBy="create_time")) == ([2, 1, 0], [0, 1, 2])
    assert (found(event="a"), found(livestreamId=livestream), found(state="FAILED")) == ([2, 0], [2, 1], [])
    assert (found(after="1970-01-01T00:00:02Z"), found(before="1970-01-01T00:00:02Z")) == ([2, 1], [0])
    assert refused(ours, path)
