"""Who may do what in the dialects: each route of their tables, against the table of rights, on a real api."""

from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import pytest

from headwater.internal.v1.records_pb2 import TokenRecord
from headwater.v1.tokens_pb2 import Token
from services.api.dialects.spoken import DIALECTS
from services.common.ids import digest, new_id, new_token
from tests.api.belongings import NOBODYS, Belongings, give, token_of
from tests.api.dialects.rights import READ, RIGHTS, WRITE
from tests.api.dialects.routes import ROUTES, Route, ids_of, send
from tests.api.running import ApiServer, Others, Rest
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

OURS, THEIRS = "ours", "theirs"
KEPT = ("livestreams", "keys", "broadcasts", "media", "webhooks", "signing-keys", "apps", "policies", "jobs", "onair")


def unlike(found: dict[str, Any], wanted: object) -> dict[str, Any]:
    return {name: each for name, each in found.items() if each != wanted}


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url, trusted_proxies="127.0.0.1") as server:
        yield server


@pytest.fixture(scope="module")
def both(api: ApiServer, nats: NatsServer) -> dict[str, Belongings]:
    """Two tenants that have one of everything."""
    with api.client() as admin:
        for tenant in (OURS, THEIRS):
            admin.call("POST", "/v1/tenants", {"id": tenant})
    return {tenant: give(api, Others(nats.url), tenant) for tenant in (OURS, THEIRS)}


@pytest.fixture(scope="module")
def readers(api: ApiServer, both: dict[str, Belongings]) -> Iterator[Rest]:
    with api.client(token=token_of(api, OURS, READ)["secret"]) as client:
        yield client


@pytest.fixture(scope="module")
def writers(api: ApiServer, both: dict[str, Belongings]) -> Iterator[Rest]:
    with api.client(token=token_of(api, OURS, WRITE)["secret"]) as client:
        yield client


def test_table_has_every_route_of_the_dialects_and_no_other() -> None:
    """A new endpoint needs a row, which somebody has to think about; and none is open to everybody."""
    routes = {each.name: {f"{one.verb} {one.path}" for one in each.endpoints} for each in DIALECTS}
    absent = {route.name for route in ROUTES if route.endpoint.handle is None}

    assert {name: set(rows) for name, rows in RIGHTS.items()} == routes
    assert {route.name for route in ROUTES if route.row.is_absent} == absent
    assert not any(route.endpoint.is_public for route in ROUTES)


@pytest.mark.parametrize("kind", ["none", "garbage", "expired", "revoked"])
def test_no_route_is_open_to_strangers(api: ApiServer, both: dict[str, Belongings], others: Others, kind: str) -> None:
    """401 in the product's own envelope, whatever would be wrong or right with the rest."""
    secret = shown(api, others, kind)
    with api.client(token=secret) as client:
        found = {route: send(client, route, OURS, ids_of(route, both[OURS])) for route in ROUTES}

    assert unlike({route.name: answer.status_code for route, answer in found.items()}, 401) == {}
    for route, answer in found.items():
        route.dialect.refusal.model_validate_json(answer.content)


def shown(api: ApiServer, others: Others, kind: str) -> str:
    """A secret of a kind that opens nothing."""
    if kind == "expired":
        secret = new_token()
        ended = TokenRecord(id=new_id(), scope=Token.ADMIN, tenant_id=OURS, create_time_us=1, expire_time_us=2)
        others.put("tokens", digest(secret), ended)
        return secret
    if kind == "revoked":
        made = token_of(api, OURS, "ADMIN")
        with api.client() as admin:
            admin.headers["X-Headwater-Tenant"] = OURS
            admin.call("DELETE", f"/v1/tokens/{made['id']}")
        return str(made["secret"])
    return "hw_garbage" if kind == "garbage" else ""


def test_reader_changes_nothing(both: dict[str, Belongings], readers: Rest, others: Others) -> None:
    """403 at each order, in the product's own envelope, and all records are as they were."""
    before = others.everything(*KEPT)
    orders = [route for route in ROUTES if route.row.asks == WRITE]
    found = {route: send(readers, route, OURS, ids_of(route, both[OURS])) for route in orders}

    assert unlike({route.name: answer.status_code for route, answer in found.items()}, 403) == {}
    assert others.everything(*KEPT) == before
    for route, answer in found.items():
        route.dialect.refusal.model_validate_json(answer.content)


def test_reader_asks_and_writer_orders(both: dict[str, Belongings], readers: Rest, writers: Rest) -> None:
    """Each route opens to the scope of its row; what it then says of an id that nobody has is another matter."""
    found = {route.name: send(readers, route, OURS, ids_of(route, both[OURS])) for route in asking(READ)}
    found |= {route.name: send(writers, route, OURS, ids_of(route, NOBODYS)) for route in asking(WRITE)}

    assert {name: each.text for name, each in found.items() if each.status_code in {401, 403, 500}} == {}


def asking(scope: str) -> list[Route]:
    return [route for route in ROUTES if route.row.asks == scope]


def test_account_of_another_tenant_is_403_whether_or_not_there_is_one(
    both: dict[str, Belongings], writers: Rest
) -> None:
    """Word for word the same, so that nobody learns who is a customer here."""
    routes = [route for route in ROUTES if route.dialect.tenant]
    theirs = {route.name: send(writers, route, THEIRS, ids_of(route, both[THEIRS])) for route in routes}
    nobodys = {route.name: send(writers, route, "nobody", ids_of(route, NOBODYS)) for route in routes}

    assert unlike({name: each.status_code for name, each in theirs.items()}, 403) == {}
    assert {name: body(each) for name, each in theirs.items()} == {name: body(each) for name, each in nobodys.items()}


def body(answer: httpx.Response, identifiers: Iterable[str] = ()) -> str:
    """Without what differs from request to request, and without what was asked for."""
    text = answer.text.replace(answer.headers["x-request-id"], "")
    for identifier in identifiers:
        text = text.replace(identifier, "")
    return text


def test_id_of_another_tenant_is_404_as_one_that_nobody_has(
    both: dict[str, Belongings], writers: Rest, others: Others
) -> None:
    """Word for word, at every route that takes one, below an id of one's own too; all records are as they were."""
    before = others.everything(*KEPT)
    ours, theirs = both[OURS], both[THEIRS]
    alike = [(route, ids_of(route, theirs), ids_of(route, NOBODYS)) for route in taking("id", "session")]
    alike += [
        (route, ids_of(route, ours) | {"output": theirs.output}, ids_of(route, ours) | {"output": NOBODYS.output})
        for route in taking("output")
    ]
    answers = [(route.name, asked(writers, route, one), asked(writers, route, other)) for route, one, other in alike]

    assert [(name, told, expected) for name, told, expected in answers if told != expected] == []
    assert [(name, told) for name, told, _ in answers if told[0] != 404] == []
    assert others.everything(*KEPT) == before


def test_app_of_another_tenant_is_answered_as_one_that_nobody_has(both: dict[str, Belongings], writers: Rest) -> None:
    """Word for word, at every route below one; nothing of it is shown, and nothing is made in it."""
    answers = []
    for route in taking("app"):
        ids = ids_of(route, NOBODYS)
        told = asked(writers, route, ids | {"app": both[THEIRS].app})
        answers.append((route.name, told, asked(writers, route, ids | {"app": NOBODYS.app})))

    assert [(name, told, expected) for name, told, expected in answers if told != expected] == []
    assert [(name, told) for name, told, _ in answers if told[0] == 201] == []


def taking(*variables: str) -> list[Route]:
    return [route for route in ROUTES if route.variables & set(variables) and not route.row.is_absent]


def asked(client: httpx.Client, route: Route, ids: dict[str, str]) -> tuple[int, str]:
    answer = send(client, route, OURS, ids)
    return answer.status_code, body(answer, ids.values())
