"""Who may do what: each route of REST and each method of gRPC, against the table of rights, on a real api."""

from pathlib import Path

import grpc
import httpx
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

import headwater.v1
from headwater.internal.v1.records_pb2 import TokenRecord
from headwater.v1.tokens_pb2 import Token
from services.api.rest.routes import Route, Routes
from services.api.servicer import service_descriptors
from services.common.ids import digest, new_id, new_token
from tests.api.requests import send
from tests.api.rights import ADMIN, INSTALLATION, READ, RIGHTS, WRITE
from tests.api.running import ApiServer, Others, Rest
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

METHODS = [
    (f"/{service.full_name}/{method.name}", RIGHTS[service.name][method.name])
    for service in service_descriptors()
    for method in service.methods
]
ROUTES = [
    (route, RIGHTS[route.descriptor.containing_service.name][route.descriptor.name])
    for route in Routes(service_descriptors())
]
NO_TOKEN_A_CHUNK = 15
"""Fewer unknown tokens than one address may show in a minute."""


def test_table_has_every_method_of_the_protos_and_no_other() -> None:
    """A new method needs a row, which somebody has to think about."""
    files = FileDescriptorSet.FromString((Path(headwater.v1.__path__[0]) / "descriptor.binpb").read_bytes())
    public = [file for file in files.file if file.package == "headwater.v1"]
    methods = {service.name: {method.name for method in service.method} for file in public for service in file.service}

    assert {service: set(rows) for service, rows in RIGHTS.items()} == methods


def statuses(client: httpx.Client, routes: list[Route]) -> dict[str, int]:
    return {f"{route.verb} {route.template.text}": send(client, route).status_code for route in routes}


def codes(api: ApiServer, methods: list[str], token: str) -> dict[str, grpc.StatusCode]:
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    found = {}
    with grpc.insecure_channel(f"127.0.0.1:{api.grpc_port}") as channel:
        for method in methods:
            with pytest.raises(grpc.RpcError) as caught:
                channel.unary_unary(method, lambda content: content)(b"", metadata=metadata, timeout=10)
            found[method] = caught.value.code()
    return found


@pytest.fixture(scope="module")
def expired(nats: NatsServer) -> str:
    secret = new_token()
    record = TokenRecord(id=new_id(), scope=Token.ADMIN, create_time_us=1, expire_time_us=2)
    Others(nats.url).put("tokens", digest(secret), record)
    return secret


@pytest.fixture(scope="module")
def tokens(api: ApiServer) -> dict[str, str]:
    """One of each scope, in a tenant of their own."""
    with api.client() as admin:
        admin.call("POST", "/v1/tenants", {"id": "rights"})
        headers = {"X-Headwater-Tenant": "rights"}
        made = [admin.post("/v1/tokens", json={"scope": each}, headers=headers).json() for each in (READ, WRITE, ADMIN)]
    return {each["scope"]: each["secret"] for each in made}


def test_route_without_a_token_or_with_an_expired_one_is_401(api: ApiServer, expired: str) -> None:
    """Each of them."""
    for token in ("", expired):
        with api.client(token=token) as client:
            found = statuses(client, [route for route, _ in ROUTES])
        assert {name: status for name, status in found.items() if status != 401} == {}


def test_route_with_a_revoked_token_is_401(api: ApiServer, rest: Rest) -> None:
    """Each of them; from several addresses, since one may not try for ever."""
    made = rest.call("POST", "/v1/tokens", {"scope": "ADMIN"})
    rest.call("DELETE", f"/v1/tokens/{made['id']}")
    found: dict[str, int] = {}
    for start in range(0, len(ROUTES), NO_TOKEN_A_CHUNK):
        transport = httpx.HTTPTransport(local_address=f"127.0.0.{2 + start // NO_TOKEN_A_CHUNK}")
        with api.client(token=made["secret"], transport=transport) as client:
            found |= statuses(client, [route for route, _ in ROUTES[start : start + NO_TOKEN_A_CHUNK]])

    assert {name: status for name, status in found.items() if status != 401} == {}


def test_method_without_a_token_or_with_an_expired_or_revoked_one_is_unauthenticated(
    api: ApiServer, rest: Rest, expired: str
) -> None:
    """Each of them; the revoked one at one method of each service, since one address may not try for ever."""
    made = rest.call("POST", "/v1/tokens", {"scope": "ADMIN"})
    rest.call("DELETE", f"/v1/tokens/{made['id']}")
    every = [method for method, _ in METHODS]
    one_of_each = list({method.split("/")[1]: method for method in every}.values())[:NO_TOKEN_A_CHUNK]
    found = [codes(api, every, ""), codes(api, every, expired), codes(api, one_of_each, made["secret"])]

    assert {code for each in found for code in each.values()} == {grpc.StatusCode.UNAUTHENTICATED}


@pytest.mark.parametrize(
    ("scope", "beyond"), [(READ, {WRITE, ADMIN, INSTALLATION}), (WRITE, {ADMIN, INSTALLATION}), (ADMIN, {INSTALLATION})]
)
def test_token_that_is_too_narrow_is_403(api: ApiServer, tokens: dict[str, str], scope: str, beyond: set[str]) -> None:
    """At each route and method beyond its scope, whether or not the thing is there."""
    with api.client(token=tokens[scope]) as client:
        found = statuses(client, [route for route, right in ROUTES if right in beyond])
    methods = codes(api, [method for method, right in METHODS if right in beyond], tokens[scope])

    assert {name: status for name, status in found.items() if status != 403} == {}
    assert set(methods.values()) == {grpc.StatusCode.PERMISSION_DENIED}


def test_token_reads_what_it_may(api: ApiServer, tokens: dict[str, str]) -> None:
    """READ is enough for each question; the answer may be that there is no such thing."""
    with api.client(token=tokens[READ]) as client:
        found = statuses(client, [route for route, right in ROUTES if right == READ])

    assert {name: status for name, status in found.items() if status in {401, 403}} == {}


def test_other_tenant_named_is_403_at_every_route(api: ApiServer, tokens: dict[str, str]) -> None:
    """Whether or not there is such a tenant."""
    for tenant in ("default", "nobody"):
        with api.client(token=tokens[ADMIN]) as client:
            client.headers["X-Headwater-Tenant"] = tenant
            found = statuses(client, [route for route, right in ROUTES if right != INSTALLATION])
        assert {name: status for name, status in found.items() if status != 403} == {}
