"""api dies again and again while customers order and somebody is on air: nothing is lost, and nothing done twice."""

import asyncio
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import StreamKey
from services.common import subjects
from services.common.bus.bucket import Bucket
from services.common.bus.connection import Bus, connect
from services.common.bus.log import Log
from tests.api.webhooks.receiver import Receiver, receiving
from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import read_tracks
from tests.e2e.harness.customers import Customer
from tests.e2e.harness.dials import dial
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import eventually, until

pytestmark = pytest.mark.e2e
CUSTOMERS = 4
TELLING_S = 60.0
"""Beyond the hold of an attempt whose holder died."""

VIEWS = (
    "/cloudinary/v2/video/default/live_streams/{}",
    "/cloudflare/client/v4/accounts/default/stream/live_inputs/{}",
    "/cloudflare/client/v4/accounts/default/realtime/kit/default/livestreams/{}",
    "/streamdiver/v2/livestreams/{}",
)


@pytest.mark.parametrize(
    ("kills", "apart_s"),
    [
        pytest.param(6, 2.0, id="short", marks=pytest.mark.timeout(240)),
        pytest.param(100, 4.5, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
)
async def test_api_killed_at_random_under_orders_loses_nothing_and_does_nothing_twice(
    own: Machine, films: Callable[[Film], Path], tmp_path: Path, kills: int, apart_s: float
) -> None:
    """Afterwards /v1, keys and all dialects agree, each fact was delivered, and the recording has every frame."""
    seed = dial("SEED", 1)
    dice, film = random.Random(seed), films(Film(kills * apart_s + 6, bit_rate="400k", size="320x180"))
    livestream = await Livestream.create(own, reconnect_window_s=2)
    headers = {"Authorization": f"Bearer {own.home.admin_token_path.read_text().strip()}"}
    with receiving() as receiver:
        async with httpx.AsyncClient(base_url=own.rest, headers=headers, timeout=25) as http:
            hook = await http.post("/v1/webhooks", json={"url": receiver.url})
            assert hook.status_code == 200, hook.text
            customers = [
                Customer(http, random.Random(f"{seed}/{number}"), f"customer {number}") for number in range(CUSTOMERS)
            ]
            with Encoder(film, livestream.ingest(), tmp_path / "encoder") as encoder:
                await livestream.on_air()
                await _strike(own, customers, dice, kills, apart_s)
                await encoder.sent_all(deadline_s=kills * apart_s + 60)
            (media,) = await livestream.recorded(deadline_s=120)
            await livestream.compare(await read_tracks(str(film)), media)
            await _assert_agreed(http, customers, livestream)
        await _assert_spine(own, customers, livestream, receiver)


async def _strike(own: Machine, customers: list[Customer], dice: random.Random, kills: int, apart_s: float) -> None:
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        working = [group.create_task(each.work(stopping), name=each.name) for each in customers]
        for _ in range(kills):
            await asyncio.sleep(dice.uniform(0.2, 2 * apart_s - 0.2))  # a seeded moment
            await own.running("api", other_than=own.kill("api"))
        stopping.set()
        await asyncio.wait(working)
    assert sum(each.orders for each in customers) > kills


async def _assert_agreed(http: httpx.AsyncClient, customers: list[Customer], on_air: Livestream) -> None:
    """What was answered is what there is, once, for whoever asks in whatever words."""
    listed: list[dict[str, Any]] = []
    token = ""
    while True:
        page = (await http.get("/v1/livestreams", params={"pageSize": 1000, "pageToken": token})).json()
        listed += page["livestreams"]
        token = page.get("nextPageToken", "")
        if not token:
            break
    has = {which: shown for each in customers for which, shown in each.has.items()}
    assert sorted(each["id"] for each in listed) == sorted([*has, on_air.id])
    for shown in listed:
        known: Mapping[str, Any] = has.get(shown["id"], shown)
        assert [_lasting(shown)] == [_lasting(known)]
        for view in VIEWS:
            answer = await http.get(view.format(shown["id"]))
            assert (answer.status_code, shown["name"] in answer.text) == (200, True), f"{view}: {answer.text}"
    for which in {gone for each in customers for gone in each.gone}:
        seen = {(await http.get(view.format(which))).status_code for view in ("/v1/livestreams/{}", *VIEWS)}
        assert seen == {404}


def _lasting(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What changes by order and by nothing else."""
    return {name: shown.get(name) for name in ("id", "name", "enabled", "inputs", "keysRotateTime", "outputs")}


async def _assert_spine(own: Machine, customers: list[Customer], on_air: Livestream, receiver: Receiver) -> None:
    """Keys open what is there and nothing else, nothing is on air, and each fact came to whoever wanted it."""
    there = {on_air.id, *(which for each in customers for which in each.has)}
    bus = await connect(own.environment["HEADWATER_NATS_URL"], name="proof")
    try:

        async def opened() -> list[str]:
            keys = await Bucket(Log(bus, "KV_keys"), subjects.KEYS).list()
            return sorted(StreamKey.FromString(each.value).livestream_id for each in keys)

        await eventually(opened, lambda found: found == sorted([*there, *there]), "two keys each", deadline_s=60)
        assert await Bucket(Log(bus, "KV_onair"), subjects.ONAIR).list() == []
        facts = await _facts(bus)
    finally:
        await bus.close()
    created = [each.livestream_id for each in facts if each.livestream_changed.change == "created"]
    assert set(created) == there | {gone for each in customers for gone in each.gone}
    wanted = {
        *((each.livestream_id, "livestream.state") for each in facts if each.livestream_changed.change == "activated"),
        *((each.livestream_id, "livestream.state") for each in facts if each.livestream_changed.change == "disabled"),
        *((on_air.id, event) for event in ("livestream.connected", "media.created", "media.ready")),
    }
    await until(lambda: wanted <= _heard(receiver), "all facts are told", deadline_s=TELLING_S)


async def _facts(bus: Bus) -> list[Fact]:
    """All that api and ingest have said."""
    log = Log(bus, subjects.FACTS)
    usage = await log.usage()
    entries = await log.get_many(range(usage.first_sequence, usage.last_sequence + 1))
    return [Fact.FromString(each.payload) for each in entries]


def _heard(receiver: Receiver) -> set[tuple[str, str]]:
    told = [each.json for each in list(receiver.heard)]
    return {(each.get("livestreamId", ""), each["type"]) for each in told}
