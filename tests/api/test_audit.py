"""Who changed what: each order leaves a fact, without secrets."""

from collections.abc import Callable
from typing import Any

import pytest

from headwater.internal.v1.facts_pb2 import AccountChanged, Fact
from tests.api.running import Others, Rest, until

pytestmark = pytest.mark.connected
HOOK = {"url": "https://93.184.215.14/hook", "format": "NATIVE"}


@pytest.fixture
def said(others: Others) -> Callable[[str, str, str], AccountChanged]:
    """The newest fact, once it is about that change."""

    def wait(kind: str, object_id: str, change: str) -> AccountChanged:
        wanted = (kind, object_id, change)

        def is_it(fact: Fact | None) -> bool:
            changed = fact.account_changed if fact is not None else AccountChanged()
            return (changed.kind, changed.object_id, changed.change) == wanted

        fact: Fact = until(lambda: others.last_fact("account_changed"), is_it)
        return fact.account_changed

    return wait


def test_each_change_of_an_account_is_said_with_who_made_it(
    rest: Rest, said: Callable[[str, str, str], AccountChanged]
) -> None:
    """By which token, in which tenant, and which fields; a secret is in none."""
    rest.call("POST", "/v1/tenants", {"id": "audited"})
    assert said("tenant", "audited", "created").token_id == "admin"
    rest.call("PATCH", "/v1/tenants/audited", {"name": "New"})
    changed = said("tenant", "audited", "updated")
    assert (list(changed.fields), changed.tenant_id) == (["name"], "audited")

    token = rest.call("POST", "/v1/tokens", {"scope": "WRITE"})
    assert token["secret"] not in str(said("token", token["id"], "created"))
    key = rest.call("POST", "/v1/signingKeys")
    assert key["pem"] not in str(said("signing-key", key["id"], "created"))
    rest.call("DELETE", f"/v1/signingKeys/{key['id']}")
    said("signing-key", key["id"], "deleted")
    rest.call("POST", "/v1/apps", {"id": "news"})
    said("app", "news", "created")
    rest.call("DELETE", "/v1/apps/news")
    said("app", "news", "deleted")

    writer = f"Bearer {token['secret']}"
    hook = _as(rest, writer, "POST", "/v1/webhooks", HOOK)
    made = said("webhook", hook["id"], "created")
    assert (made.token_id, made.tenant_id) == (token["id"], "default")
    _as(rest, writer, "PATCH", f"/v1/webhooks/{hook['id']}", {"enabled": False})
    assert list(said("webhook", hook["id"], "updated").fields) == ["enabled"]
    _as(rest, writer, "DELETE", f"/v1/webhooks/{hook['id']}", None)
    said("webhook", hook["id"], "deleted")
    rest.call("DELETE", f"/v1/tokens/{token['id']}")
    said("token", token["id"], "deleted")
    rest.call("DELETE", "/v1/tenants/audited")
    said("tenant", "audited", "deleted")


def _as(rest: Rest, authorization: str, method: str, path: str, body: Any) -> dict[str, Any]:
    answer = rest.request(method, path, json=body, headers={"Authorization": authorization})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
