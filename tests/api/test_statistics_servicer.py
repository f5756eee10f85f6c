"""A livestream's history over REST: api before stats' servicers, which stand on a real Redis and a real store."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headwater.internal.v1.facts_pb2 import BroadcastEnded, BroadcastStarted, Fact
from headwater.internal.v1.services_pb2_grpc import add_SampleServiceServicer_to_server
from headwater.v1.statistics_pb2_grpc import add_StatisticsServiceServicer_to_server
from services.common.health import Health
from services.common.ids import new_id
from services.common.rpc_server import RpcServer
from services.stats.changes import Lifetimes
from services.stats.repository import Repository
from services.stats.sample_servicer import SampleServicer
from services.stats.samples import Place
from services.stats.servicer import StatisticsServicer
from tests.api.running import ApiServer, Others, Rest, until
from tests.servers.nats import NatsServer
from tests.servers.ports import free_ports
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server
from tests.stats.keeping import Kept, backwards, kept, sample

pytestmark = pytest.mark.connected

PORT = free_ports(1)[0]


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url, stats_address=f"127.0.0.1:{PORT}") as server:
        yield server


@pytest.fixture
async def shelf(tmp_path: Path, s3_server: S3Server) -> AsyncIterator[Kept]:
    """Samples behind stats, and stats behind api."""
    with RedisServer(tmp_path / "redis") as redis_server:
        async with kept(redis_server, s3_server) as shelf:
            rpc = RpcServer("127.0.0.1", PORT, Health())
            statistics = StatisticsServicer(Repository(shelf.redis, Lifetimes()), shelf.history, shelf.clock)
            rpc.add(add_StatisticsServiceServicer_to_server, statistics)
            rpc.add(add_SampleServiceServicer_to_server, SampleServicer(shelf.samples, shelf.blocks, shelf.clock))
            async with rpc:
                yield shelf


def asked(rest: Rest, path: str) -> dict[str, Any]:
    """The answer; asked again, as it says, while stats has just begun and api's next try at it is still to come."""
    response = until(lambda: rest.get(path), lambda response: response.status_code != 503)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def native(rest: Rest, livestream: str, query: str = "") -> list[int]:
    """Figures of all samples, which number them; page by page."""
    token, found = "", list[int]()
    while True:
        path = f"/v1/livestreams/{livestream}/statistics/primary?pageSize=7&pageToken={token}{query}"
        answer = asked(rest, path)
        found += [each["hlsConnections"] for each in answer["samples"]]
        if not (token := answer.get("nextPageToken", "")):
            return found


def streamdiver(rest: Rest, livestream: str) -> list[int]:
    """The same by number of page, until one is empty."""
    found = list[int]()
    while True:
        path = f"/streamdiver/v2/livestreams/{livestream}/statistics/primary?perpage=9&page={len(found) // 9}"
        page: list[dict[str, Any]] = asked(rest, path)["data"]
        found += [each["hlsConnections"] for each in page]
        if len(page) < 9:
            return found


def moment(number: int) -> str:
    return datetime.fromtimestamp(sample(number).slot_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def times_of(broadcast: str, livestream: str, start: int, end: int) -> list[Fact]:
    """That it was on air from one sample to another."""
    start_us, end_us = (sample(number).slot_ms * 1000 for number in (start, end))
    begun = BroadcastStarted(start_time_us=start_us)
    over = BroadcastEnded(reason="order", end_time_us=end_us)
    where: dict[str, Any] = {"livestream_id": livestream, "broadcast_id": broadcast}
    return [
        Fact(id=new_id(), time_us=start_us, broadcast_started=begun, **where),
        Fact(id=new_id(), time_us=end_us, broadcast_ended=over, **where),
    ]


async def test_samples_of_a_broadcast_are_those_of_its_time(rest: Rest, others: Others, shelf: Kept) -> None:
    """Or of a part of it; of another livestream's broadcast there are none to be had."""
    made, another = (rest.call("POST", "/v1/livestreams", {})["id"] for _ in range(2))
    shelf.place, broadcast = Place(made, "primary"), new_id()
    await shelf.keep(range(20))
    await asyncio.to_thread(others.say, *times_of(broadcast, made, 5, 12))
    path = f"/v1/livestreams/{made}/broadcasts/{broadcast}"
    await asyncio.to_thread(until, lambda: rest.get(path).json().get("endTime"))

    of_it = f"&broadcastId={broadcast}"
    assert await asyncio.to_thread(native, rest, made, of_it) == backwards(11, 5)
    assert await asyncio.to_thread(native, rest, made, f"{of_it}&before={moment(8)}") == [7, 6, 5]
    assert await asyncio.to_thread(native, rest, made, f"{of_it}&after={moment(10)}") == [11, 10]
    foreign = rest.get(f"/v1/livestreams/{another}/statistics/primary?broadcastId={broadcast}")
    assert foreign.status_code == 404


async def test_whole_history_is_listed_by_page_by_time_and_by_number_until_it_is_deleted(
    rest: Rest, shelf: Kept
) -> None:
    """Some of it is in the object store alone and some in Redis alone; afterwards neither has any."""
    made = await asyncio.to_thread(rest.call, "POST", "/v1/livestreams", {})
    shelf.place = Place(made["id"], "primary")
    await shelf.keep(range(30))
    await shelf.empty_redis()
    await shelf.take(range(30, 40))
    between = f"&after={moment(25)}&before={moment(35)}"

    assert await asyncio.to_thread(native, rest, made["id"]) == backwards(39)
    assert await asyncio.to_thread(native, rest, made["id"], between) == backwards(34, 25)
    assert await asyncio.to_thread(streamdiver, rest, made["id"]) == backwards(39)

    await asyncio.to_thread(rest.call, "DELETE", f"/v1/livestreams/{made['id']}")
    gone = await asyncio.to_thread(rest.get, f"/v1/livestreams/{made['id']}/statistics/primary")
    assert gone.status_code == 404
    assert await shelf.objects_there() == []
    assert await shelf.numbers() == []
