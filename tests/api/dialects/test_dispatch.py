"""The shell of all dialects: which endpoint answers, what it is given, and how it is refused."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from google.protobuf.message import Message
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from headwater.v1.livestreams_pb2 import GetLivestreamRequest, Livestream
from headwater.v1.tokens_pb2 import Token
from services.api.access import needed_scope
from services.api.caller import Caller
from services.api.credentials import TENANT_KEY
from services.api.dialects.dispatch import Dialects
from services.api.dialects.endpoint import Absent, Answer, Dialect, Endpoint, Exchange
from services.api.rest.idempotency import Idempotency
from services.api.rest.local_call import LocalCalls
from services.api.rest.problem import Problem
from services.api.servicer import service_descriptors
from services.common.errors import AppError, Kind
from services.common.redis_client import Redis
from services.common.rpc_call import Context, Guard
from services.common.secrets import Sealer


class Body(BaseModel):
    name: str = Field(default="", max_length=5)


class Refusal(BaseModel):
    error: str


class Query(BaseModel):
    per_page: int = Field(default=10, ge=1)


async def _show(exchange: Exchange) -> Answer:
    found = await exchange.native.ask(GetLivestreamRequest(id=exchange.variables["id"]), Livestream)
    return Answer({"name": found.name})


async def _echo(exchange: Exchange) -> Answer:
    return Answer({"name": exchange.read(Body).name, "fields": sorted(exchange.fields)}, status=201)


async def _page(exchange: Exchange) -> Answer:
    return Answer({"per_page": exchange.asked(Query).per_page})


async def _active(_exchange: Exchange) -> Answer:
    return Answer({"active": True})


def _refuse(problem: Problem, request_id: str) -> Answer:
    return Answer({"error": problem.detail, "id": request_id, "fields": list(problem.errors)}, problem.status)


DIALECT = Dialect(
    name="other",
    title="Other",
    bases=("/other/v2/{account}", "/other/{account}/v2"),
    tenant="account",
    endpoints=(
        Endpoint("GET", "/streams/{id}", "Show", _show),
        Endpoint("GET", "/streams/active", "Show the one on air", _active),
        Endpoint("GET", "/streams", "List", _page, query=Query),
        Endpoint("POST", "/streams", "Make", _echo, body=Body, status=201),
        Endpoint("POST", "/copy", "Copy", absent=Absent.NEVER),
    ),
    refuse=_refuse,
    refusal=Refusal,
)


class Livestreams:
    async def GetLivestream(self, request: GetLivestreamRequest, _context: Context) -> Livestream:  # noqa: N802  gRPC's
        if request.id == "gone":
            raise AppError(Kind.NOT_FOUND, "there is none")
        return Livestream(id=request.id, name="found")


class Door(Guard):
    """Notes what it is shown; lets nobody in without a credential."""

    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []

    async def check(self, method: str, message: Message, context: Context) -> None:
        del message
        await self.admit(method, context)

    async def admit(self, method: str, context: Context) -> Caller:
        shown = dict(context.invocation_metadata() or ())
        self.shown.append(shown)
        if "authorization" not in shown:
            raise AppError(Kind.UNAUTHENTICATED, "who are you")
        if shown["authorization"] == "Bearer reader" and needed_scope(method) > Token.READ:
            raise AppError(Kind.FORBIDDEN, "you may read")
        return Caller(Token.WRITE)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
async def client(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    calls = LocalCalls([door])
    calls.add("headwater.v1.LivestreamService", Livestreams(), ["GetLivestream"])
    idempotency = Idempotency(Redis("redis://127.0.0.1:1/0"), Sealer(bytes(32)), bytes(32))
    dialects = Dialects([DIALECT], calls, service_descriptors(), door, idempotency)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answer = await dialects.answer(Request(scope, receive), "request-1")
        await (answer or Response("not ours", 418))(scope, receive, send)

    transport = httpx.ASGITransport(app)
    headers = {"Authorization": "Bearer x"}
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as found:
        yield found


@pytest.mark.parametrize("path", ["/other/v2/acme/streams/7", "/other/acme/v2/streams/7", "/other/v2/acme/streams/7/"])
async def test_every_base_and_a_slash_at_the_end_lead_to_the_endpoint(
    client: httpx.AsyncClient, door: Door, path: str
) -> None:
    """The account in the path is the tenant that the guard is told of, and the credential goes with it."""
    answer = await client.get(path)

    assert (answer.status_code, answer.json()) == (200, {"name": "found"})
    assert (door.shown[0][TENANT_KEY], door.shown[0]["authorization"]) == ("acme", "Bearer x")


async def test_fixed_word_goes_before_a_variable(client: httpx.AsyncClient) -> None:
    """`active` is not the id of a stream."""
    assert (await client.get("/other/v2/acme/streams/active")).json() == {"active": True}


async def test_foreign_path_is_left_to_others(client: httpx.AsyncClient) -> None:
    """The native API lies beside."""
    assert (await client.get("/v1/livestreams")).status_code == 418


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [("GET", "/other/v2/acme/nothing", 404), ("DELETE", "/other/v2/acme/streams", 405), ("GET", "/other/v2/acme", 404)],
)
async def test_unknown_path_and_wrong_verb_are_refused_in_its_envelope(
    client: httpx.AsyncClient, verb: str, path: str, status: int
) -> None:
    """405 names the verbs that are possible."""
    answer = await client.request(verb, path)

    assert (answer.status_code, answer.json()["id"]) == (status, "request-1")
    assert (answer.headers.get("allow") == "GET, POST") == (status == 405)


async def test_error_of_the_native_api_has_its_status_and_words(client: httpx.AsyncClient) -> None:
    """Only the envelope differs."""
    answer = await client.get("/other/v2/acme/streams/gone")

    assert (answer.status_code, answer.json()["error"]) == (404, "there is none")


async def test_body_that_is_empty_is_an_empty_object(client: httpx.AsyncClient) -> None:
    """What was left out is known to be."""
    assert (await client.post("/other/v2/acme/streams")).json() == {"name": "", "fields": []}
    answer = await client.post("/other/v2/acme/streams", json={"name": "a"})
    assert (answer.status_code, answer.json()) == (201, {"name": "a", "fields": ["name"]})


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"content": b"{"}, None),
        ({"content": b"[]"}, None),
        ({"content": b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}"}, None),
        ({"json": {"name": "longer"}}, "name"),
    ],
)
async def test_bad_body_is_refused_and_the_field_named(
    client: httpx.AsyncClient, sent: dict[str, Any], field: str | None
) -> None:
    """400, whether it is no JSON, no object, nested too deeply, or breaks a rule."""
    answer = await client.post("/other/v2/acme/streams", **sent)

    assert answer.status_code == 400
    assert [name for name, _ in answer.json()["fields"]] == ([field] if field else [])


async def test_body_beyond_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    """413."""
    assert (await client.post("/other/v2/acme/streams", content=b" " * (1 << 20) + b"x")).status_code == 413


@pytest.mark.parametrize(("credential", "status"), [({}, 401), ({"Authorization": "Bearer reader"}, 403)])
async def test_body_of_one_who_may_not_send_it_is_not_taken(
    client: httpx.AsyncClient, credential: dict[str, str], status: int
) -> None:
    """Neither a stranger's nor a reader's is asked for, and nobody hears what would be wrong with it."""
    taken: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        taken.append(b"[]")
        yield b"[]"

    client.headers.pop("Authorization")
    answer = await client.post("/other/v2/acme/streams", content=body(), headers=credential)

    assert (answer.status_code, taken) == (status, [])


async def test_bad_query_is_refused_and_the_name_said(client: httpx.AsyncClient) -> None:
    """As a field of `query`."""
    assert (await client.get("/other/v2/acme/streams?per_page=3")).json() == {"per_page": 3}
    answer = await client.get("/other/v2/acme/streams?per_page=0")
    assert (answer.status_code, answer.json()["fields"][0][0]) == (400, "query.per_page")


async def test_absent_endpoint_says_why_and_only_to_those_let_in(client: httpx.AsyncClient) -> None:
    """501 with the reason; a stranger gets 401 and a reader 403 as everywhere."""
    assert (await client.post("/other/v2/acme/copy")).json()["error"] == Absent.NEVER.value
    client.headers["Authorization"] = "Bearer reader"
    assert (await client.post("/other/v2/acme/copy")).status_code == 403
    del client.headers["Authorization"]
    assert (await client.post("/other/v2/acme/copy")).status_code == 401


async def test_reference_has_every_endpoint(client: httpx.AsyncClient) -> None:
    """With its body, its query and what it answers."""
    document = (await client.get("/other/openapi.json")).json()

    assert set(document["paths"]) == {
        *("/other/v2/{account}/streams/{id}", "/other/v2/{account}/streams/active"),
        *("/other/v2/{account}/streams", "/other/v2/{account}/copy"),
    }
    making = document["paths"]["/other/v2/{account}/streams"]["post"]
    assert making["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Body"}
    assert "501" in document["paths"]["/other/v2/{account}/copy"]["post"]["responses"]
