"""Tokens and scopes, on a real api."""

import pytest

from headwater.v1.tokens_pb2 import Token
from services.api.access import needed_scope
from services.api.guesses import Guesses
from services.api.servicer import service_descriptors
from services.common.clock import ManualClock
from services.common.errors import AppError, Kind
from services.common.ids import digest
from tests.api.running import ApiServer, Others, Rest, until

pytestmark = pytest.mark.connected


def new_token(rest: Rest, scope: str) -> str:
    secret: str = rest.call("POST", "/v1/tokens", {"name": f"for {scope}", "scope": scope})["secret"]
    return secret


def test_every_method_asks_for_the_scope_that_its_name_says() -> None:
    """Questions READ, orders WRITE, tokens ADMIN; there is no open method."""
    for service in service_descriptors():
        for method in service.methods:
            wanted = needed_scope(f"/{service.full_name}/{method.name}")
            if service.name in {"TokenService", "TenantService"}:
                assert wanted == Token.ADMIN
            else:
                assert (wanted == Token.READ) == method.name.startswith(("Get", "List"))


def test_reader_reads_without_stream_keys_and_changes_nothing(rest: Rest, api: ApiServer) -> None:
    """403 says which scope it takes."""
    made = rest.call("POST", "/v1/livestreams", {"name": "seen"})
    with api.client(token=new_token(rest, "READ")) as reader:
        shown = reader.call("GET", f"/v1/livestreams/{made['id']}")
        refused = reader.post("/v1/livestreams", json={})
        listed = reader.get("/v1/tokens")

    assert shown["name"] == "seen"
    assert len(shown["inputs"]) == 8
    assert not any("streamKey" in each or "passphrase" in each for each in shown["inputs"] + shown["playouts"])
    assert (refused.status_code, listed.status_code) == (403, 403)
    assert "WRITE" in refused.json()["detail"]


def test_writer_sees_keys_and_makes_no_tokens(rest: Rest, api: ApiServer) -> None:
    """Tokens are for administrators."""
    with api.client(token=new_token(rest, "WRITE")) as writer:
        made = writer.call("POST", "/v1/livestreams", {})
        refused = writer.post("/v1/tokens", json={"scope": "ADMIN"})

    assert made["inputs"][0]["streamKey"]
    assert refused.status_code == 403


def test_token_is_shown_once_and_kept_as_a_hash(rest: Rest, others: Others) -> None:
    """Whoever reads the bucket cannot sign in."""
    secret = new_token(rest, "ADMIN")

    listed = rest.call("GET", "/v1/tokens")["tokens"]

    assert all("secret" not in each for each in listed)
    assert digest(secret) in others.keys("tokens")
    assert secret.encode() not in (others.get("tokens", digest(secret)) or b"")


def test_deleted_token_opens_nothing(rest: Rest, api: ApiServer) -> None:
    """At once."""
    made = rest.call("POST", "/v1/tokens", {"scope": "READ"})
    with api.client(token=made["secret"]) as reader:
        reader.call("GET", "/v1/livestreams")
        rest.call("DELETE", f"/v1/tokens/{made['id']}")

        assert until(lambda: reader.get("/v1/livestreams").status_code, lambda status: status != 200) == 401
    assert rest.delete(f"/v1/tokens/{made['id']}").status_code == 404


def test_token_without_a_scope_is_refused(rest: Rest) -> None:
    """There is no default to fall into."""
    assert rest.post("/v1/tokens", json={"name": "x"}).status_code == 400


def test_admin_token_is_for_its_owner_alone(api: ApiServer) -> None:
    """Mode 600, made at the first start."""
    assert (api.home / "admin-token").stat().st_mode & 0o777 == 0o600
    assert api.token.startswith("hw_")


def test_guesses_are_counted_by_address_and_forgotten_after_a_while() -> None:
    """One address's guessing keeps no other out."""
    clock = ManualClock()
    guesses = Guesses(clock)
    for _ in range(20):
        guesses.spend("a")
    with pytest.raises(AppError) as caught:
        guesses.spend("a")
    guesses.spend("b")
    clock.advance(60)
    guesses.spend("a")

    assert caught.value.kind is Kind.LIMIT
