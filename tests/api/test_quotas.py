"""A tenant's storage quota, from the administrator's order to the encoder that is refused: real api, real ingest."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from headwater.internal.v1.onair_pb2 import StreamKey
from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import Media
from services.common.ids import digest, new_id
from services.common.input_rules import QUOTA_REFUSAL
from tests.api.running import ApiServer, Others, Rest, until
from tests.ingest.running import ingest
from tests.ingest.socket_encoder import encoder
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

TENANT = "small"


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url, private_targets="allow") as server:
        with server.client() as admin:
            admin.call("POST", "/v1/tenants", {"id": TENANT, "storageQuotaBytes": "100"})
        yield server


@pytest.fixture
def rest(api: ApiServer) -> Iterator[Rest]:
    with api.client() as client:
        client.headers["X-Headwater-Tenant"] = TENANT
        yield client


@pytest.fixture
async def port(nats: NatsServer) -> AsyncIterator[int]:
    """Of an ingest."""
    async with ingest(nats) as edge:
        yield edge.port


@pytest.fixture
def recording(rest: Rest, others: Others) -> Iterator[str]:
    """One that fills the tenant's storage."""
    key = new_id()
    record = MediaRecord(id=key, tenant_id=TENANT, size_bytes=100, create_time_us=1, duration_us=9_000_000)
    record.state = Media.READY
    others.put("media", key, record)
    until(lambda: rest.get(f"/v1/media/{key}").status_code, lambda status: status == 200)
    yield key
    others.remove("media", key)


def make(rest: Rest, **more: Any) -> tuple[str, dict[str, str]]:
    """A livestream's id, and its stream keys by instance."""
    made = rest.call("POST", "/v1/livestreams", more)
    ways = [way for way in made["inputs"] if way["protocol"] == "rtmp"]
    return made["id"], {way["instance"]: way["streamKey"] for way in ways}


async def words(port: int, key: str) -> str:
    async with encoder(port, key) as sender:
        return str((await sender.refused())["description"])


async def until_says(others: Others, key: str, refusal: str) -> None:
    """Return when the key's record, which ingest reads, says so; it has time to hear of it."""

    def said() -> str:
        return StreamKey.FromString(others.get("keys", digest(key)) or b"").refusal

    await asyncio.to_thread(until, said, lambda found: found == refusal)


async def test_full_tenant_begins_nothing_and_finishes_what_is_on_air(
    rest: Rest, port: int, others: Others, request: pytest.FixtureRequest
) -> None:
    """Encoders of what is on air may come back, and others are refused until there is room again."""
    _, running = make(rest)
    _, waiting = make(rest)
    async with encoder(port, running["primary"]) as sender:
        await sender.published()
        await asyncio.to_thread(until, lambda: rest.call("GET", "/v1/sessions")["totalCount"], lambda count: count == 1)
        recording = request.getfixturevalue("recording")
        for key in (running["secondary"], waiting["primary"]):
            await until_says(others, key, QUOTA_REFUSAL)
        assert await words(port, waiting["primary"]) == QUOTA_REFUSAL
        async with encoder(port, running["secondary"]) as second:
            await second.published()
        assert not sender.is_closed.is_set()
    clip = rest.post(f"/v1/media/{recording}:clip", json={"start": "0s", "end": "1s"})
    assert (clip.status_code, clip.json()["detail"]) == (429, QUOTA_REFUSAL)

    others.remove("media", recording)
    await until_says(others, waiting["primary"], "")
    async with encoder(port, waiting["primary"]) as sender:
        await sender.published()


async def test_refusal_is_told_with_its_code_and_what_is_relayed_is_let_in(
    rest: Rest, port: int, recording: str
) -> None:
    """In the history, to webhooks, and as the words of a dialect; a new livestream is made all the same."""
    hook = rest.call("POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/x", "format": "STREAM_LIVE"})["id"]
    until(lambda: rest.call("GET", f"/v1/tenants/{TENANT}")["storageUsedBytes"], lambda used: used == "100")
    livestream, keys = make(rest)
    relayed, relayed_keys = make(rest, recording={"mode": "OFF"})
    for output in rest.call("GET", f"/v1/livestreams/{relayed}/outputs")["outputs"]:
        rest.call("DELETE", f"/v1/livestreams/{relayed}/outputs/{output['id']}")

    assert await words(port, keys["primary"]) == QUOTA_REFUSAL
    async with encoder(port, relayed_keys["primary"]) as sender:
        await sender.published()

    history = until(lambda: rejections(rest, livestream))
    assert history[0]["reason"] == "ERR_STORAGE_QUOTA_EXHAUSTED"
    deliveries = f"/v1/webhooks/{hook}/deliveries"
    until(lambda: [each["event"] for each in rest.call("GET", deliveries)["deliveries"]], has_errored)
    account = f"/cloudflare/client/v4/accounts/{TENANT}/stream/live_inputs/{livestream}"
    shown = until(lambda: rest.get(account).json()["result"], lambda result: bool(result["status"]))
    assert shown["status"] == "failed_to_connect"


def has_errored(events: list[str]) -> bool:
    return "live_input.errored" in events


def rejections(rest: Rest, livestream: str) -> list[dict[str, Any]]:
    entries = rest.call("GET", f"/v1/livestreams/{livestream}/history")["entries"]
    return [each for each in entries if "ERR_" in str(each)]
