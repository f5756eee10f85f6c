"""OAuth2's client credentials grant, on a real api: RFC 6749 sections 2.3.1, 4.4 and 5."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from headwater.internal.v1.records_pb2 import TokenRecord
from headwater.v1.tokens_pb2 import Token
from services.api.access_tokens import AccessTokens, Grant
from services.common.ids import digest, new_id, new_token
from services.common.secrets import derived_key
from services.common.settings import ServiceSettings
from tests.api.running import ApiServer, Others, Rest, until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected
GRANT = {"grant_type": "client_credentials"}
WRONG = "hw_" + "0" * 40


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with NatsServer(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url) as server:
        yield server


@pytest.fixture
def others(nats: NatsServer) -> Others:
    return Others(nats.url)


@pytest.fixture
def rest(api: ApiServer) -> Iterator[Rest]:
    with api.client() as client:
        yield client


def ask(api: ApiServer, form: dict[str, str], tenant: str = "default", **options: Any) -> httpx.Response:
    url = f"{api.url}/streamdiver/realms/{tenant}/protocol/openid-connect/token"
    return httpx.post(url, data=form, timeout=20, **options)


def client_of(made: dict[str, Any]) -> dict[str, str]:
    return {"client_id": made["id"], "client_secret": made["secret"]}


def error_of(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["cache-control"] == "no-store"
    return response.status_code, response.json()["error"]


def test_client_gets_an_access_token_that_does_what_its_token_does(api: ApiServer, rest: Rest) -> None:
    """For 16 hours, without a refresh token; by form or by Basic."""
    made = rest.call("POST", "/v1/tokens", {"scope": "READ"})
    by_form = ask(api, GRANT | client_of(made))
    by_basic = ask(api, GRANT, auth=(made["id"], made["secret"]))

    for response in (by_form, by_basic):
        answer = response.json()
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 57_600)
        assert set(answer) == {"access_token", "token_type", "expires_in"}
        assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
        with api.client(token=answer["access_token"]) as reader:
            assert reader.get("/v1/apps").status_code == 200
            assert reader.post("/v1/apps", json={}).status_code == 403


def test_admin_token_is_a_secret_too_and_acts_in_the_realm(api: ApiServer, rest: Rest) -> None:
    """What it makes belongs to the tenant whose realm it asked."""
    rest.call("POST", "/v1/tenants", {"id": "acme"})
    answer = ask(api, GRANT | {"client_id": "admin", "client_secret": api.token}, tenant="acme").json()

    with api.client(token=answer["access_token"]) as admin:
        made = admin.call("POST", "/v1/tokens", {"scope": "READ"})

    assert made["tenantId"] == "acme"


def test_revoked_token_takes_its_access_tokens_along(api: ApiServer, rest: Rest) -> None:
    """Within two seconds."""
    made = rest.call("POST", "/v1/tokens", {"scope": "READ"})
    token = ask(api, GRANT | client_of(made)).json()["access_token"]
    with api.client(token=token) as reader:
        assert reader.get("/v1/apps").status_code == 200
        rest.call("DELETE", f"/v1/tokens/{made['id']}")

        assert until(lambda: reader.get("/v1/apps").status_code, lambda status: status != 200) == 401


def test_access_token_ends_with_the_token_it_was_given_for(api: ApiServer, others: Others, rest: Rest) -> None:
    """Or after its own time; one that has ended says so."""
    made, secret = rest.call("POST", "/v1/tokens", {"scope": "READ"}), new_token()
    soon_us = round((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1e6)
    short = TokenRecord(id=new_id(), scope=Token.READ, create_time_us=1, expire_time_us=soon_us)
    others.put("tokens", digest(secret), short)
    answer = ask(api, GRANT | {"client_id": short.id, "client_secret": secret}).json()
    signer = AccessTokens(derived_key(ServiceSettings(home=api.home), "access tokens"))
    ended = signer.sign(Grant(digest(made["secret"]), "default", 1_700_000_000))
    with api.client(token=ended) as late:
        response = late.get("/v1/apps")

    assert 0 < answer["expires_in"] <= 3600
    assert (response.status_code, response.json()["detail"]) == (401, "the access token has expired")


def test_wrong_client_is_invalid_client_whatever_is_wrong_with_it(api: ApiServer, rest: Rest) -> None:
    """401 with how to sign in; one answer to a wrong id, a wrong secret, and another tenant's realm."""
    one, two = (rest.call("POST", "/v1/tokens", {"scope": "READ"}) for _ in range(2))
    answers = [
        ask(api, GRANT | client_of(one) | {"client_id": two["id"]}),
        ask(api, GRANT | client_of(one) | {"client_secret": WRONG}),
        ask(api, GRANT | client_of(one), tenant="nobody"),
        ask(api, GRANT, auth=(one["id"], WRONG)),
        ask(api, GRANT),
    ]

    assert [error_of(answer) for answer in answers] == [(401, "invalid_client")] * len(answers)
    assert len({answer.text for answer in answers}) == 1
    assert all(answer.headers["www-authenticate"].startswith("Basic") for answer in answers)


def test_access_token_is_no_secret(api: ApiServer, rest: Rest) -> None:
    """Who has only that cannot live on for ever."""
    made = rest.call("POST", "/v1/tokens", {"scope": "READ"})
    token = ask(api, GRANT | client_of(made)).json()["access_token"]

    assert error_of(ask(api, GRANT | {"client_id": made["id"], "client_secret": token})) == (401, "invalid_client")


def test_request_that_is_none_names_its_fault(api: ApiServer, rest: Rest) -> None:
    """Codes of section 5.2."""
    client = client_of(rest.call("POST", "/v1/tokens", {"scope": "READ"}))
    url = f"{api.url}/streamdiver/realms/default/protocol/openid-connect/token"
    twice = "grant_type=client_credentials&grant_type=x"
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    assert error_of(ask(api, client)) == (400, "invalid_request")
    assert error_of(ask(api, client | {"grant_type": "password"})) == (400, "unsupported_grant_type")
    assert error_of(ask(api, GRANT | client, auth=("a", "b"))) == (400, "invalid_request")
    assert error_of(httpx.post(url, json=GRANT | client, timeout=20)) == (400, "invalid_request")
    assert error_of(httpx.post(url, content=twice, headers=form, timeout=20)) == (400, "invalid_request")
    assert error_of(httpx.get(url, timeout=20)) == (405, "invalid_request")


def test_guessing_secrets_is_slowed_down(api: ApiServer) -> None:
    """429 says when; it counts together with guesses elsewhere."""
    answers = [ask(api, GRANT | {"client_id": "a", "client_secret": f"hw_{number}"}) for number in range(21)]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
