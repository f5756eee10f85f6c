"""Who may do what: each route of REST and each method of gRPC, against the table of rights, on a real api."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

import headwater.v1
from headwater.internal.v1.records_pb2 import TokenRecord
from headwater.v1.tokens_pb2 import Token
from services.api.guesses import GUESSES
from services.api.rest.routes import Route, Routes
from services.api.servicer import service_descriptors
from services.common.ids import digest, new_id, new_token
from tests.api.requests import send
from tests.api.rights import ADMIN, INSTALLATION, READ, RIGHTS, WRITE
from tests.api.running import ApiServer, Others
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


def test_table_has_every_method_of_the_protos_and_no_other() -> None:
    """A new method needs a row, which somebody has to think about."""
    files = FileDescriptorSet.FromString((Path(headwater.v1.__path__[0]) / "descriptor.binpb").read_bytes())
    public = [file for file in files.file if file.package == "headwater.v1"]
    methods = {service.name: {method.name for method in service.method} for file in public for service in file.service}

    assert {service: set(rows) for service, rows in RIGHTS.items()} == methods


def statuses(client: httpx.Client, routes: list[Route]) -> dict[str, int]:
    """Each from another address, as the proxy in front says."""
    found = {}
    for number, route in enumerate(routes):
        client.headers["X-Forwarded-For"] = f"10.0.0.{number}"
        found[f"{route.verb} {route.template.text}"] = send(client, route).status_code
    return found


def codes(api: ApiServer, methods: list[str], token: str, **more: str) -> dict[str, grpc.StatusCode]:
    """Over the wire, each from another address: one may not try unknown tokens for ever."""
    shown = [("authorization", f"Bearer {token}")] if token else []
    shown += [(name.replace("_", "-"), value) for name, value in more.items()]
    found = {}
    with grpc.insecure_channel(f"127.0.0.1:{api.grpc_port}") as channel:
        for number, method in enumerate(methods):
            metadata = (*shown, ("x-forwarded-for", f"10.0.0.{number}"))
            with pytest.raises(grpc.RpcError) as caught:
                channel.unary_unary(method, lambda content: content)(b"", metadata=metadata, timeout=10)
            found[method] = caught.value.code()
    return found


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url, trusted_proxies="127.0.0.1") as server:
        yield server


@pytest.fixture(scope="module")
def revoked(api: ApiServer) -> str:
    with api.client() as admin:
        made = admin.call("POST", "/v1/tokens", {"scope": "ADMIN"})
        admin.call("DELETE", f"/v1/tokens/{made['id']}")
    return str(made["secret"])


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


def test_no_route_and_no_method_is_open_to_strangers(api: ApiServer, expired: str, revoked: str) -> None:
    """Without a token, with one that never was, has expired or was revoked: 401 at each route, and each method."""
    for token in ("", "hw_garbage", expired, revoked):
        with api.client(token=token) as client:
            found = statuses(client, [route for route, _ in ROUTES])
        assert {name: status for name, status in found.items() if status != 401} == {}
        methods = codes(api, [method for method, _ in METHODS], token)
        assert set(methods.values()) == {grpc.StatusCode.UNAUTHENTICATED}


def test_address_that_a_stranger_names_is_not_his(api: ApiServer) -> None:
    """He guesses from one address, whatever he says of others, until he is told to wait."""
    with api.client(token="hw_guess", transport=httpx.HTTPTransport(local_address="127.0.0.2")) as client:
        found = [
            client.get("/v1/apps", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code
            for number in range(GUESSES + 1)
        ]

    assert found == [401] * GUESSES + [429]


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


def test_other_tenant_named_is_403_at_every_route_and_method(api: ApiServer, tokens: dict[str, str]) -> None:
    """Whether or not there is such a tenant."""
    for tenant in ("default", "nobody"):
        with api.client(token=tokens[ADMIN]) as client:
            client.headers["X-Headwater-Tenant"] = tenant
            found = statuses(client, [route for route, right in ROUTES if right != INSTALLATION])
        assert {name: status for name, status in found.items() if status != 403} == {}
        open_to_it = [method for method, right in METHODS if right != INSTALLATION]
        methods = codes(api, open_to_it, tokens[ADMIN], x_headwater_tenant=tenant)
        assert set(methods.values()) == {grpc.StatusCode.PERMISSION_DENIED}
