"""Tenants cannot see each other: every route that takes an id, on a real api."""

import pytest

from headwater.internal.v1.records_pb2 import LivestreamRecord, MediaRecord
from services.api.rest.routes import Routes
from services.api.servicer import service_descriptors
from services.common.ids import new_id
from tests.api.requests import UNKNOWN, send
from tests.api.rights import INSTALLATION, RIGHTS
from tests.api.running import ApiServer, Others, Rest, until

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


def test_id_of_another_tenant_is_answered_as_one_that_nobody_has(
    api: ApiServer, rest: Rest, stranger: str, others: Others
) -> None:
    """Word for word, at every route that takes one."""
    key = new_id()
    others.put("livestreams", key, LivestreamRecord(id=key, create_time_us=1))
    others.put("media", key, MediaRecord(id=key, livestream_id=key, broadcast_id=key, create_time_us=1))
    for path in (f"/v1/livestreams/{key}", f"/v1/media/{key}"):
        until(lambda path=path: rest.get(path).status_code, lambda status: status == 200)  # type: ignore[misc]  # bound now
    with api.client(token=stranger) as client:
        theirs = {f"{route.verb} {route.template.text}": send(client, route, key) for route in ROUTES}
        nobodys = {f"{route.verb} {route.template.text}": send(client, route, UNKNOWN) for route in ROUTES}

    told = {name: (each.status_code, each.text.replace(key, UNKNOWN)) for name, each in theirs.items()}
    expected = {name: (each.status_code, each.text) for name, each in nobodys.items()}
    assert {name: (answer, expected[name]) for name, answer in told.items() if answer != expected[name]} == {}
    assert {name: status for name, (status, _) in told.items() if status < 400} == {}


def test_lists_show_nothing_of_another_tenant(api: ApiServer, rest: Rest, stranger: str) -> None:
    """Nor do they count it."""
    rest.call("POST", "/v1/livestreams", {"name": "ours"})
    with api.client(token=stranger) as client:
        livestreams, media = client.call("GET", "/v1/livestreams"), client.call("GET", "/v1/media")

    assert (livestreams["livestreams"], livestreams["totalCount"]) == ([], 0)
    assert (media["media"], media["totalCount"]) == ([], 0)
