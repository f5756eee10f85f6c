"""Where livestreams stand, kept up through changes of records and by time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.livestreams_pb2 import Livestream
from services.api.breath import BREATH
from services.api.records import Records, open_records
from services.api.row import Query, Row
from services.api.shelf import Rows, shelf_of
from services.api.standings import Standings
from services.common.bus.connection import connect
from services.common.clock import ManualClock
from services.common.ids import new_id
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from services.common.tasks import spawn
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


def rows_of(*keys: str) -> Rows:
    return shelf_of(Row(key, "t", create_time=place) for place, key in enumerate(keys)).find(Query("t"), "create_time")


@pytest.fixture
async def records(nats: NatsServer) -> AsyncIterator[Records]:
    bus = await connect(nats.url, name="test")
    yield await open_records(Spine(bus, ServiceSettings()), noticed=lambda _key: None)
    await bus.close()


async def test_change_of_any_record_is_seen(records: Records) -> None:
    """Of the livestream, of its newest broadcast, and that it is gone."""
    standings, key = Standings(records, ManualClock()), new_id()
    rows = rows_of(key)

    async def state() -> int:
        known = [each for each in Livestream.State.values() if each and await standings.select(rows, {each}, None)]
        return known[0] if known else Livestream.STATE_UNSPECIFIED

    assert await state() == Livestream.STATE_UNSPECIFIED
    stored = await records.livestreams.create(key, LivestreamRecord(id=key))
    assert await state() == Livestream.IDLE
    on_air = BroadcastRecord(id=new_id(), livestream_id=key, start_time_us=1, state=Broadcast.LIVE)
    begun = await records.broadcasts.create(on_air.id, on_air)
    assert await state() == Livestream.LIVE
    on_air.state, on_air.end_time_us = Broadcast.ENDED, 2
    await records.broadcasts.update(on_air.id, on_air, begun.revision)
    assert await state() == Livestream.IDLE
    await records.livestreams.update(key, LivestreamRecord(id=key, is_disabled=True), stored.revision)
    assert await state() == Livestream.DISABLED
    await records.livestreams.delete(key)
    assert await state() == Livestream.STATE_UNSPECIFIED


async def test_who_asks_while_all_are_looked_at_waits_for_all(records: Records) -> None:
    """At the start that goes on after api is ready; nobody is told of a part."""
    standings, keys = Standings(records, ManualClock()), [new_id() for _ in range(2 * BREATH)]
    await asyncio.gather(*(records.livestreams.create(key, LivestreamRecord(id=key)) for key in keys))
    looking = spawn(standings.catch_up(), name="look")
    await asyncio.sleep(0)
    assert 0 < len(standings._changed) < len(keys)

    assert len(await standings.select(rows_of(*keys), {Livestream.IDLE}, None)) == len(keys)
    await looking


async def test_armed_is_over_when_its_time_is(records: Records) -> None:
    """Without anybody writing anything."""
    clock, key = ManualClock(), new_id()
    standings, rows = Standings(records, clock), rows_of(key)
    record = LivestreamRecord(id=key, armed_time_us=round(clock.now() * 1e6))
    record.rules.reconnect_window_ms = 5000
    await records.livestreams.create(key, record)

    assert len(await standings.select(rows, {Livestream.ACTIVE}, None)) == 1
    clock.advance(6)
    assert not await standings.select(rows, {Livestream.ACTIVE}, None)
    assert len(await standings.select(rows, {Livestream.IDLE}, None)) == 1


async def test_use_is_asked_of_idle_and_disabled_ones_alone(records: Records) -> None:
    """Whoever stands elsewhere is neither used nor unused."""
    clock, now_us = ManualClock(), round(ManualClock().now() * 1e6)
    standings = Standings(records, clock)
    fresh, used, disabled, armed = (new_id() for _ in range(4))
    for key in (fresh, used, disabled, armed):
        record = LivestreamRecord(id=key, is_disabled=key == disabled, armed_time_us=now_us if key == armed else 0)
        await records.livestreams.create(key, record)
    over = BroadcastRecord(id=new_id(), livestream_id=used, start_time_us=1, end_time_us=2, state=Broadcast.ENDED)
    await records.broadcasts.create(over.id, over)
    rows = rows_of(fresh, used, disabled, armed)

    assert list((await standings.select(rows, set(), True)).keys()) == [used, armed]
    assert list((await standings.select(rows, {Livestream.DISABLED}, False)).keys()) == [disabled]
    assert list((await standings.select(rows, {Livestream.IDLE}, False)).keys()) == [fresh]
