"""Idempotency-Key, on a real api with a real Redis."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cloudflare import Cloudflare, UnprocessableEntityError
from starlette.responses import Response

from services.api.rest.idempotency import Idempotency, Order
from services.api.rest.refusal import Refusal
from services.common.redis_client import Redis
from services.common.secrets import Sealer
from tests.api.running import ApiServer, Rest
from tests.servers.nats import NatsServer
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.connected


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def api(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder = tmp_path_factory.mktemp("api")
    with NatsServer(folder / "nats") as nats, ApiServer(folder / "api", nats.url, redis_url=redis.url) as server:
        yield server


@pytest.fixture
def rest(api: ApiServer) -> Iterator[Rest]:
    with api.client() as client:
        yield client


@pytest.fixture
async def own(redis: RedisServer) -> AsyncIterator[Idempotency]:
    async with Redis(redis.url) as client:
        yield Idempotency(client, Sealer(bytes(32)), bytes(32))


async def never() -> Response:
    raise AssertionError("it was carried out again")


async def made() -> Response:
    return Response(b'{"n":1}', 200, {"ETag": '"7"'}, "application/json")


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


def test_order_sent_twice_is_carried_out_once(rest: Rest) -> None:
    """The second answer is the first one again, stream keys and ETag with it, and says so."""
    first, second = (rest.post("/v1/livestreams", json={"name": "once"}, headers=key("a")) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json() == first.json()
    assert second.headers["etag"] == first.headers["etag"]
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert rest.call("GET", "/v1/livestreams?name=once")["totalCount"] == 1


def test_same_key_with_another_body_is_422(rest: Rest) -> None:
    """How JSON is laid out is no difference."""
    assert rest.post("/v1/apps", json={"id": "x", "name": "n"}, headers=key("b")).status_code == 200
    json = {"Content-Type": "application/json"} | key("b")

    assert rest.post("/v1/apps", content='{ "name":"n", "id":"x" }', headers=json).status_code == 200
    assert rest.post("/v1/apps", json={"id": "y"}, headers=key("b")).status_code == 422


def test_same_key_in_another_app_is_422(rest: Rest) -> None:
    """Where an order is meant is a part of what it says."""
    rest.call("POST", "/v1/apps", {"id": "elsewhere"})
    assert rest.post("/v1/livestreams", json={}, headers=key("g")).status_code == 200

    elsewhere = rest.post("/v1/livestreams", json={}, headers=key("g") | {"X-Headwater-App": "elsewhere"})

    assert elsewhere.status_code == 422


def test_key_is_of_one_tenant_and_one_route(rest: Rest) -> None:
    """Elsewhere it is another one; a question needs none."""
    rest.call("POST", "/v1/tenants", {"id": "other"})
    ours = rest.post("/v1/apps", json={}, headers=key("c")).json()["id"]
    theirs = rest.post("/v1/apps", json={}, headers=key("c") | {"X-Headwater-Tenant": "other"}).json()["id"]

    assert ours != theirs
    assert rest.post("/v1/tokens", json={"scope": "READ"}, headers=key("c")).status_code == 200
    assert rest.delete(f"/v1/apps/{ours}", headers=key("c")).status_code == 200
    assert rest.get("/v1/apps", headers=key("c")).headers.get("idempotent-replayed") is None


def test_refusal_of_an_order_is_remembered_and_one_of_its_sender_not(rest: Rest, api: ApiServer) -> None:
    """The same conflict is told again; who had no token may come back with one."""
    rest.call("POST", "/v1/apps", {"id": "taken"})
    conflicts = [rest.post("/v1/apps", json={"id": "taken"}, headers=key("d")) for _ in range(2)]
    with api.client(token="") as nobody:
        assert nobody.post("/v1/apps", json={}, headers=key("e")).status_code == 401

    assert [each.status_code for each in conflicts] == [409, 409]
    assert conflicts[1].headers["content-type"] == "application/problem+json"
    assert conflicts[1].headers["idempotent-replayed"] == "true"
    assert rest.post("/v1/apps", json={}, headers=key("e")).status_code == 200


@pytest.mark.parametrize("text", ["", "x" * 256, "a\tb"])
def test_key_that_is_none_is_400(rest: Rest, text: str) -> None:
    """Empty, endless, or with what cannot be printed."""
    assert rest.post("/v1/apps", json={}, headers=key(text)).status_code == 400


def test_twins_at_the_same_time_make_one_thing(rest: Rest, api: ApiServer) -> None:
    """One is answered; the others get that answer, or 409 with when to ask again."""

    def send(_number: int) -> tuple[int, str]:
        with api.client() as client:
            response = client.post("/v1/livestreams", json={"name": "twin"}, headers=key("f"))
            return response.status_code, response.headers.get("retry-after", "")

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(8)))

    assert (200, "") in answers
    assert answers <= {(200, ""), (409, "1")}
    assert rest.call("GET", "/v1/livestreams?name=twin")["totalCount"] == 1


def test_order_in_a_dialect_is_carried_out_once(rest: Rest, api: ApiServer) -> None:
    """By Stream's own client, which has a parameter for it: one live input; with another body 422 in its envelope."""
    with Cloudflare(base_url=f"{api.url}/cloudflare/client/v4", api_token=api.token, max_retries=0) as client:
        create = client.stream.live_inputs.create
        made = [create(account_id="default", meta={"name": "retried"}, idempotency_key="h") for _ in range(2)]
        with pytest.raises(UnprocessableEntityError) as refused:
            create(account_id="default", meta={"name": "another"}, idempotency_key="h")

    assert made[0] is not None
    assert made[0] == made[1]
    assert rest.call("GET", "/v1/livestreams?name=retried")["totalCount"] == 1
    assert refused.value.response.json()["success"] is False


def test_refusal_in_a_dialect_is_remembered_in_its_envelope(rest: Rest) -> None:
    """A path's id is a part of what is ordered."""
    path = "/streamdiver/v2/livestreams"
    one, other = (rest.post(path, json={"name": "x"}, headers=key(name)).json()["data"]["id"] for name in "ij")
    refused = [rest.post(f"{path}/{one}/stop", headers=key("k")) for _ in range(2)]

    assert [(each.status_code, each.json()["status"]) for each in refused] == [(409, "fail")] * 2
    assert refused[1].headers["idempotent-replayed"] == "true"
    assert refused[1].headers["x-should-retry"] == "false"
    assert rest.post(f"{path}/{other}/stop", headers=key("k")).status_code == 422


def test_answer_in_a_dialect_is_not_told_to_a_narrower_scope(rest: Rest, api: ApiServer) -> None:
    """What an admin's token was shown once stays his; who may only read may not order at all."""
    path = "/cloudflare/client/v4/accounts/default/stream/keys"
    shown = rest.post(path, headers=key("l"))
    answers = {}
    for scope in ("READ", "WRITE"):
        with api.client(rest.call("POST", "/v1/tokens", {"scope": scope})["secret"]) as narrower:
            answers[scope] = narrower.post(path, headers=key("l")).status_code

    assert shown.json()["result"]["pem"]
    assert answers == {"READ": 403, "WRITE": 422}


async def test_twin_of_an_order_at_work_is_told_to_wait(own: Idempotency) -> None:
    """409 with Retry-After, until the first has its answer."""
    order = Order("k", "t", "POST /x", b"1")
    told: list[Refusal] = []

    async def work() -> Response:
        with pytest.raises(Refusal) as caught:
            await own.once(order, never)
        told.append(caught.value)
        return await made()

    await own.once(order, work)
    again = await own.once(order, never)

    assert (told[0].problem.status, told[0].problem.headers) == (409, {"Retry-After": "1"})
    assert (again.status_code, bytes(again.body), again.headers["etag"]) == (200, b'{"n":1}', '"7"')


async def test_failure_of_ours_is_not_remembered(own: Idempotency) -> None:
    """The next try may succeed."""
    order = Order("fails", "t", "POST /x", b"1")

    async def fail() -> Response:
        return Response(status_code=503)

    assert (await own.once(order, fail)).status_code == 503
    assert (await own.once(order, made)).status_code == 200


async def test_answer_is_sealed_and_forgotten_after_a_day(own: Idempotency, redis: RedisServer) -> None:
    """Whoever reads Redis reads no stream key."""

    async def secret() -> Response:
        return Response(b'{"streamKey":"very-secret"}', 200, media_type="application/json")

    order = Order("sealed", "t", "POST /x", b"1")
    await own.once(order, secret)
    async with Redis(redis.url) as client:
        name = f"headwater:api:idempotency:{order.name}"
        kept, left_s = await client.run([("GET", name), ("TTL", name)])

    assert b"very-secret" not in kept
    assert 24 * 3600 - 60 < left_s <= 24 * 3600


async def test_without_redis_an_order_is_carried_out_as_if_it_had_no_key() -> None:
    """To lose Redis costs the memory of orders and nothing else."""
    async with Redis("redis://127.0.0.1:1/0") as away:
        own = Idempotency(away, Sealer(bytes(32)), bytes(32))
        answers = [await own.once(Order("k", "t", "POST /x", b"1"), made) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
