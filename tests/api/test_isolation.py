"""Tenants cannot see each other: every route that takes an id, on a real api."""

import grpc
import pytest

from headwater.internal.v1.records_pb2 import LivestreamRecord, MediaRecord
from services.api.rest.binding import bind
from services.api.rest.routes import Route, Routes
from services.api.servicer import service_descriptors
from services.common.ids import new_id
from tests.api.requests import UNKNOWN, content_of, kind_of, path_of, send
from tests.api.rights import INSTALLATION, RIGHTS
from tests.api.running import ApiServer, Others, Rest, until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

ROUTES = [
    route
    for route in Routes(service_descriptors())
    if route.template.fields and RIGHTS[route.descriptor.containing_service.name][route.descriptor.name] != INSTALLATION
]


@pytest.fixture(scope="module")
def stranger(api: ApiServer) -> str:
    """A token of another tenant."""
    with api.client() as admin:
        admin.call("POST", "/v1/tenants", {"id": "stranger"})
        headers = {"X-Headwater-Tenant": "stranger"}
        secret: str = admin.post("/v1/tokens", json={"scope": "ADMIN"}, headers=headers).json()["secret"]
    return secret


@pytest.fixture(scope="module")
def theirs(api: ApiServer, nats: NatsServer) -> str:
    """The id of a livestream and of a recording of the first tenant."""
    key, others = new_id(), Others(nats.url)
    others.put("livestreams", key, LivestreamRecord(id=key, create_time_us=1))
    others.put("media", key, MediaRecord(id=key, livestream_id=key, broadcast_id=key, create_time_us=1))
    with api.client() as rest:
        for path in (f"/v1/livestreams/{key}", f"/v1/media/{key}"):
            until(lambda path=path: rest.get(path).status_code, lambda status: status == 200)  # type: ignore[misc]  # bound now
    return key


def test_id_of_another_tenant_is_answered_as_one_that_nobody_has(api: ApiServer, theirs: str, stranger: str) -> None:
    """Word for word, at every route that takes one."""
    with api.client(token=stranger) as client:
        shown = {f"{route.verb} {route.template.text}": send(client, route, theirs) for route in ROUTES}
        nobodys = {f"{route.verb} {route.template.text}": send(client, route, UNKNOWN) for route in ROUTES}

    told = {name: (each.status_code, each.text.replace(theirs, UNKNOWN)) for name, each in shown.items()}
    expected = {name: (each.status_code, each.text) for name, each in nobodys.items()}
    assert {name: (answer, expected[name]) for name, answer in told.items() if answer != expected[name]} == {}
    assert {name: status for name, (status, _) in told.items() if status != 404} == {}


def test_method_answers_an_id_of_another_tenant_as_one_that_nobody_has(
    api: ApiServer, theirs: str, stranger: str
) -> None:
    """Over the wire, word for word: code and details, at every method that takes an id."""
    with grpc.insecure_channel(f"127.0.0.1:{api.grpc_port}") as channel:
        told = {route.method: ask(channel, route, theirs, stranger) for route in ROUTES}
        nobodys = {route.method: ask(channel, route, UNKNOWN, stranger) for route in ROUTES}

    assert {name: (each, nobodys[name]) for name, each in told.items() if each != nobodys[name]} == {}
    assert {name: each for name, each in told.items() if each[0] is not grpc.StatusCode.NOT_FOUND} == {}


def ask(channel: grpc.Channel, route: Route, identifier: str, token: str) -> tuple[grpc.StatusCode, str]:
    """The refusal, without the id that was asked for."""
    path = path_of(route, identifier)
    variables = route.template.match(path)
    assert variables is not None
    message = bind(route, variables, [], content_of(route), kind_of(route))
    metadata = (("authorization", f"Bearer {token}"),)
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(route.method, type(message).SerializeToString)(message, metadata=metadata, timeout=10)
    return caught.value.code(), str(caught.value.details()).replace(identifier, "")


def test_lists_show_nothing_of_another_tenant(api: ApiServer, rest: Rest, stranger: str) -> None:
    """Nor do they count it."""
    rest.call("POST", "/v1/livestreams", {"name": "ours"})
    with api.client(token=stranger) as client:
        livestreams, media = client.call("GET", "/v1/livestreams"), client.call("GET", "/v1/media")

    assert (livestreams["livestreams"], livestreams["totalCount"]) == ([], 0)
    assert (media["media"], media["totalCount"]) == ([], 0)
