"""Bodies at the edge: raw ones in and out, and what is too much; on a gateway in process."""

import httpx
import pytest
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from headwater.v1 import livestreams_pb2
from headwater.v1.tokens_pb2 import Token
from services.api.caller import Caller
from services.api.rest.gateway import MAX_BODY, MAX_RAW_BODY, Gateway
from services.api.rest.idempotency import Idempotency
from services.api.rest.local_call import LocalCalls
from services.api.rest.routes import Routes
from services.common.redis_client import Redis
from services.common.rpc_call import Context
from services.common.secrets import Sealer

SERVICE = livestreams_pb2.DESCRIPTOR.services_by_name["LivestreamService"]
PATH = "/v1/livestreams/0123456789abcdef0123456789abcdef/thumbnail"
PICTURE = b"\xff\xd8\xff" + bytes(range(256)) * 8


class Thumbnails:
    """Keeps one picture."""

    def __init__(self) -> None:
        self.kept: Message = HttpBody()

    async def UpdateThumbnail(self, request: livestreams_pb2.UpdateThumbnailRequest, _context: Context) -> Message:  # noqa: N802  gRPC's
        self.kept = request.image
        return Empty()

    async def GetThumbnail(self, _request: Message, _context: Context) -> Message:  # noqa: N802  gRPC's
        return self.kept

    async def CreateLivestream(self, _request: Message, _context: Context) -> Message:  # noqa: N802  gRPC's
        return Empty()


class Anybody:
    async def admit(self, _method: str, _context: Context) -> Caller:
        return Caller(Token.WRITE)


@pytest.fixture
async def client() -> httpx.AsyncClient:
    calls = LocalCalls([])
    calls.add(SERVICE.full_name, Thumbnails(), ["UpdateThumbnail", "GetThumbnail", "CreateLivestream"])
    idempotency = Idempotency(Redis("redis://127.0.0.1:1/0"), Sealer(bytes(32)), bytes(32))
    gateway = Gateway(Routes([SERVICE]), calls, (), Anybody(), idempotency)
    return httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://api")


async def test_picture_comes_back_byte_for_byte_with_its_type(client: httpx.AsyncClient) -> None:
    """And is never shown as anything but that type."""
    stored = await client.put(PATH, content=PICTURE, headers={"Content-Type": "image/jpeg"})
    shown = await client.get(PATH)

    assert stored.status_code == 200
    assert (shown.content, shown.headers["content-type"]) == (PICTURE, "image/jpeg")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")


async def test_picture_may_be_larger_than_json(client: httpx.AsyncClient) -> None:
    """Ten megabytes to one; one byte more is 413."""
    json = {"Content-Type": "application/json"}
    answers = [
        await client.put(PATH, content=bytes(MAX_RAW_BODY)),
        await client.put(PATH, content=bytes(MAX_RAW_BODY + 1)),
        await client.post("/v1/livestreams", content=b" " * MAX_BODY, headers=json),
        await client.post("/v1/livestreams", content=b" " * (MAX_BODY + 1), headers=json),
    ]

    assert [answer.status_code for answer in answers] == [200, 413, 200, 413]


async def test_json_without_a_body_is_an_empty_object(client: httpx.AsyncClient) -> None:
    """With its type or without."""
    answers = [
        await client.post("/v1/livestreams"),
        await client.post("/v1/livestreams", content=b"", headers={"Content-Type": "application/json"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
