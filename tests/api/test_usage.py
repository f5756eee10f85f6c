"""Usage against a recomputation: what encoders gave and viewers watched, summed up once by us and once by the test."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headwater.internal.v1.facts_pb2 import (
    BroadcastEnded,
    BroadcastStarted,
    Fact,
    MediaLost,
    MediaResumed,
    SourceChanged,
)
from headwater.internal.v1.services_pb2_grpc import add_ViewingServiceServicer_to_server
from services.common.clock import SystemClock
from services.common.health import Health
from services.common.ids import new_id
from services.common.redis_client import Redis
from services.common.rpc_server import RpcServer
from services.stats.changes import Lifetimes
from services.stats.repository import Repository
from services.stats.viewing_servicer import ViewingServicer
from tests.api.running import ApiServer, Others, Rest, until
from tests.servers.nats import NatsServer
from tests.servers.ports import free_ports
from tests.servers.redis import RedisServer
from tests.stats.saying import at, viewers_seen

pytestmark = pytest.mark.connected

PORT = free_ports(1)[0]
KIT = "/cloudflare/client/v4/accounts/default/realtime/kit"
DAY_S = 86_400
TODAY_S = round(SystemClock().now()) // DAY_S * DAY_S


@dataclass(frozen=True)
class Story:
    """A broadcast: when it began, when media came (from and to, seconds after it), and how many watched, each 5 s."""

    start_s: int
    media: Sequence[tuple[int, int]]
    viewers: Sequence[int]

    @property
    def ingest_s(self) -> int:
        return sum(end - begin for begin, end in self.media)

    @property
    def viewer_s(self) -> int:
        return 5 * sum(self.viewers)

    @property
    def date(self) -> str:
        return datetime.fromtimestamp(self.start_s, UTC).strftime("%Y-%m-%d")

    def facts(self, livestream: str, broadcast: str) -> list[Fact]:
        def fact(second: float, **what: Any) -> Fact:
            time_us = round((self.start_s + second) * 1e6)
            where = {"livestream_id": livestream, "broadcast_id": broadcast, "instance": "primary"}
            return Fact(id=new_id(), time_us=time_us, **where, **what)  # type: ignore[arg-type]  # as the fields are

        (first, *later), end_s = self.media, self.media[-1][1]
        facts = [fact(0, broadcast_started=BroadcastStarted(start_time_us=self.start_s * 10**6))]
        facts += [fact(first[0], source_changed=SourceChanged(connection=1, reason="started"))]
        for (_, gone), (back, _) in zip(self.media, later, strict=False):
            facts += [fact(gone, media_lost=MediaLost(reason="closed"))]
            facts += [fact(back, media_resumed=MediaResumed(connection=1))]
        ended = BroadcastEnded(reason="order", end_time_us=round((self.start_s + end_s) * 1e6))
        return [*facts, fact(end_s, broadcast_ended=ended)]


OURS = (
    Story(TODAY_S - 3 * DAY_S + 100, [(2, 31), (41, 61)], [3, 4, 0, 2]),
    Story(TODAY_S - 3 * DAY_S + 40_000, [(1, 3_600)], [100] * 30),
    # Past midnight: it is of the day on which it began.
    Story(TODAY_S - DAY_S - 600, [(5, 500), (700, 1_500)], [7, 7]),
    Story(TODAY_S - DAY_S, [(1, 2)], []),
)
ANOTHERS = Story(TODAY_S - DAY_S + 50, [(3, 1_003)], [1, 2, 3])


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url, stats_address=f"127.0.0.1:{PORT}") as server:
        yield server


@pytest.fixture
async def figures(tmp_path: Path) -> AsyncIterator[Repository]:
    """What stats knows, and says."""
    with RedisServer(tmp_path / "redis") as server:
        async with Redis(server.url) as redis:
            repository, rpc = Repository(redis, Lifetimes()), RpcServer("127.0.0.1", PORT, Health())
            rpc.add(add_ViewingServiceServicer_to_server, ViewingServicer(repository))
            async with rpc:
                yield repository


async def tell(story: Story, livestream: str, figures: Repository, others: Others) -> None:
    """To stats who watched, and then to api all that happened."""
    broadcast = new_id()
    for place, count in enumerate(story.viewers):
        said = viewers_seen(livestream, broadcast, *range(count))
        said.viewers_seen.interval_ms = 5_000
        await figures.apply(said, at((story.start_s + 5 * place) * 1000, sequence=place + 1))
    await asyncio.to_thread(others.say, *story.facts(livestream, broadcast))


def recomputed(stories: Sequence[Story]) -> list[tuple[str, int, int, int]]:
    """Day by day, oldest first: the day, how many broadcasts, seconds of media, seconds watched."""
    dates = sorted({story.date for story in stories})
    of_days = [[story for story in stories if story.date == date] for date in dates]
    return [
        (date, len(day), sum(each.ingest_s for each in day), sum(each.viewer_s for each in day))
        for date, day in zip(dates, of_days, strict=True)
    ]


def native(rest: Rest, query: str = "") -> tuple[list[tuple[str, int, int, int]], tuple[int, int, int]]:
    found = rest.call("GET", f"/v1/usage?{query}")
    days = [(day["date"], day["sessionCount"], day["ingestSeconds"], day["viewerSeconds"]) for day in found["days"]]
    return days, (found["sessionCount"], found["ingestSeconds"], found["viewerSeconds"])


def kit(rest: Rest, app: str, query: str = "") -> tuple[list[tuple[str, int, int, int]], tuple[int, int, int]]:
    names = ("count", "total_ingest_seconds", "total_viewer_seconds")
    overall, days = (
        rest.call("GET", f"{KIT}/{app}/analytics/livestreams/{what}?{query}") for what in ("overall", "daywise")
    )
    of_days = [(day["date"], *(day[name] for name in names)) for day in days["data"]]
    return of_days, tuple(overall["data"][name] for name in names)


def summed(days: Sequence[tuple[str, int, int, int]]) -> tuple[int, int, int]:
    return sum(day[1] for day in days), sum(day[2] for day in days), sum(day[3] for day in days)


async def test_sums_are_those_of_what_happened(rest: Rest, figures: Repository, others: Others) -> None:
    """Together and by day, of all, of one app, and of a time; natively and as RealtimeKit says it."""
    app = rest.post(f"{KIT}/apps", json={"name": "another"}).json()["data"]["app"]["id"]
    ours = rest.call("POST", "/v1/livestreams", {})["id"]
    anothers = rest.post(f"{KIT}/{app}/livestreams", json={"name": "x"}).json()["data"]["id"].replace("-", "")
    for story in OURS:
        await tell(story, ours, figures, others)
    await tell(ANOTHERS, anothers, figures, others)
    await asyncio.to_thread(until, lambda: native(rest)[1][0], lambda count: count == 5)

    def ask() -> list[Any]:
        late = f"start_time={TODAY_S - DAY_S}&end_time={TODAY_S}"
        return [native(rest), kit(rest, "default"), kit(rest, app), kit(rest, "default", late)]

    wanted = [recomputed(stories) for stories in ((*OURS, ANOTHERS), OURS, [ANOTHERS], OURS[3:])]
    expected = [(days, summed(days)) for days in wanted]
    assert await asyncio.to_thread(until, ask, lambda found: found == expected) == expected
    assert len(expected[0][0]) == 3
