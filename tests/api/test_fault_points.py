"""api killed at every write and publish of each order: what it has begun is finished, by the keeper or by a repeat.

A kill is an exception that nobody catches, raised after the n-th thing that others can see of an order, for each n
from none on; so it is dead just before and just after each. Orders are listed in faults/orders.py; how many points
each has is counted, so that a new write is a new fault point by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from services.api.servicer import service_descriptors
from services.api.settings import Settings
from services.common.bus.connection import Bus, connect
from services.common.ids import new_id
from tests.api.faults.fuse import NEVER, Fuse, Killed
from tests.api.faults.orders import ORDERS, Order
from tests.api.faults.replica import Replica, replica
from tests.api.faults.stage import Stage
from tests.servers.nats import NatsServer
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.connected

ROWS = [(f"{method} {n}", order) for method, orders in ORDERS.items() for n, order in enumerate(orders)]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "home").mkdir()
    with NatsServer(folder / "nats") as nats, RedisServer(folder / "redis") as redis, S3Server(folder / "s3") as s3:
        yield {
            "home": folder / "home",
            "nats_url": nats.url,
            "redis_url": redis.url,
            "s3_endpoint": s3.url,
            "s3_access_key": s3.access_key,
            "s3_secret_key": s3.secret_key,
            "s3_bucket": "faults",
            "private_targets": "allow",
            "rate_limit": 0.0,
        }


@pytest.fixture
async def replicas(servers: dict[str, Any]) -> AsyncIterator[tuple[Replica, Replica]]:
    settings = Settings(**servers)
    bus = await connect(servers["nats_url"], name="test")
    await _purge(bus)
    async with replica(settings, bus) as dying, replica(settings, bus) as other:
        yield dying, other
    await bus.close()


async def _purge(bus: Bus) -> None:
    """Each order finds an empty installation, since a keeper looks at all there is."""
    for stream in (await bus.api("STREAM.NAMES"))["streams"] or ():
        await bus.api(f"STREAM.PURGE.{stream}")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a packager that is not there, and what is lost is lost at once."""
    monkeypatch.setattr("services.api.livestreams.PUBLISH_WAIT_S", 0.0)
    monkeypatch.setattr("services.api.lost_clips.LOST_AFTER_S", 0.0)
    monkeypatch.setattr("services.api.keeper.ORPHAN_AFTER_S", 0.0)


def test_every_method_that_changes_something_has_a_row() -> None:
    """A method is one that reads if its name says so; by the same rule a token that may only read is let in."""
    methods = {f"{service.name}.{method.name}" for service in service_descriptors() for method in service.methods}
    assert set(ORDERS) == {each for each in methods if not each.partition(".")[2].startswith(("Get", "List"))}


@pytest.mark.parametrize(("name", "order"), ROWS, ids=[name for name, _ in ROWS])
async def test_killed_somewhere_an_order_is_finished_or_repeated(
    name: str, order: Order, replicas: tuple[Replica, Replica]
) -> None:
    """At some point, which is another for each, and when all is done but its answer is not kept; else `make soak`."""
    place = list(ORDERS).index(name.partition(" ")[0])
    await _prove(order, replicas, lambda points: {place % points, points - 2}, is_lagging=bool(place % 2))


@pytest.mark.slow
@pytest.mark.parametrize("is_lagging", [False, True], ids=["", "unsaid"])
@pytest.mark.parametrize(("name", "order"), ROWS, ids=[name for name, _ in ROWS])
async def test_killed_anywhere_an_order_is_finished_or_repeated(
    name: str, order: Order, is_lagging: bool, replicas: tuple[Replica, Replica]
) -> None:
    """At all points, and whether or not its facts were said by then."""
    del name
    await _prove(order, replicas, lambda points: set(range(points)), is_lagging=is_lagging)


async def _prove(
    order: Order, replicas: tuple[Replica, Replica], chosen: Callable[[int], set[int]], *, is_lagging: bool
) -> None:
    """Records, keys, what is on air, the object store, facts and all dialects agree; a repeat makes nothing twice."""
    dying, _ = replicas
    dying.facts.is_lagging = is_lagging
    stage = await _set(order, replicas)
    fuse = await _kill(stage, order, new_id(), NEVER)
    await _tidy(stage)
    wanted = await stage.census()
    for after in sorted(chosen(len(fuse.seen) + 1)):
        stage, key = await _set(order, replicas), new_id()
        await _kill(stage, order, key, after)
        if after % 2:
            await _tidy(stage)
        await _repeat(stage, order, key)
        await _tidy(stage)
        found = await _settled(stage, wanted)
        unlike = [f"{name}: {found[name]}, not {wanted[name]}" for name in wanted if found[name] != wanted[name]]
        assert not unlike, f"killed after {fuse.seen[:after]}: {'; '.join(unlike)}"


async def _set(order: Order, replicas: tuple[Replica, Replica]) -> Stage:
    stage = Stage(*replicas)
    await stage.prepare(is_on_air=order.is_on_air)
    await order.prepare(stage)
    await stage.dying.facts.flush()
    return stage


async def _kill(stage: Stage, order: Order, key: str, after: int) -> Fuse:
    fuse = Fuse(after)
    with fuse.laid(), suppress(Killed):
        verb, path, body = order.sent(stage)
        await stage.call(verb, path, body, key=key)
    if after == NEVER:
        await stage.dying.facts.flush()
    stage.dying.facts.waiting.clear()
    return fuse


async def _repeat(stage: Stage, order: Order, key: str) -> None:
    """Who has heard nothing asks again, and is answered as one is whose order was carried out."""
    await stage.other.forget_who_is_at_work()
    await _catch_up(stage)
    verb, path, body = order.sent(stage)
    answer = await stage.other.call(verb, path, body, **stage.headers, **{"Idempotency-Key": key})
    gone = {404} if verb == "DELETE" else set()
    assert answer.status_code in {200} | gone, f"{verb} {path}: {answer.status_code} {answer.text}"


async def _catch_up(stage: Stage) -> None:
    """A replica that has just started has read everything."""
    for name, repository in stage.dying.records.followed():
        others = dict(stage.other.records.followed())[name]
        for stored in repository.items():
            known = others.peek(stored.key)
            if known is None or known.revision < stored.revision:
                await others.look_up(stored.key)


async def _tidy(stage: Stage) -> None:
    """The other replica keeps house until all agrees."""
    wrong: list[str] = []
    for _ in range(100):
        await _catch_up(stage)
        keeper = stage.other.domain.keeper
        await keeper.give_orders()
        await keeper.repair()
        await keeper.say_again(0)
        await stage.other.webhooking.sweeper.sweep()
        await _observe(stage)
        wrong = await stage.wrong()
        if not wrong:
            return
        await asyncio.sleep(0.02)
    pytest.fail(", ".join(wrong))


async def _observe(stage: Stage) -> None:
    """As the observer does with all that changes."""
    chronicle, records = stage.other.domain.chronicle, stage.other.records
    playback, on_air = records.playback.peek(stage.media), records.on_air.peek(stage.livestream)
    if playback is not None:
        await chronicle.note_playback(playback.record)
    if on_air is not None:
        await chronicle.note_on_air(on_air.key, on_air.record)


async def _settled(stage: Stage, wanted: dict[str, Any]) -> dict[str, Any]:
    """What there is, once the read model has it."""
    for _ in range(50):
        found = await stage.census()
        if found == wanted:
            return found
        await asyncio.sleep(0.02)
    return found
