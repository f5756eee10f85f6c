"""One broadcast against real logs: the end, raced with encoders that come back and packagers that die."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from headwater.internal.v1.onair_pb2 import Connection, OnAir
from services.common import subjects
from services.common.bus.bucket import Record
from services.common.bus.errors import Exists, Stale
from services.common.bus.facts import FactPublisher
from services.common.clock import SystemClock
from services.common.ids import new_id
from services.common.media.unit import Track
from services.common.tasks import cancel, spawn
from services.packager.broadcast import Broadcast, Surroundings
from services.packager.counts import Counts
from services.packager.program.settings import ProgramSettings
from tests.packager.program.rules import assert_numbered, names
from tests.packager.program.synthetic import Source, log, name_of, with_configs
from tests.packager.running import Stage, stage, until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.timeout(120)


@asynccontextmanager
async def _surroundings(live: Stage) -> AsyncIterator[Surroundings]:
    facts = FactPublisher(await live.spine.facts())
    try:
        yield Surroundings(live.onair, live.playback, facts, Counts(), SystemClock(), ProgramSettings(quiet_us=200_000))
    finally:
        await facts.close()


async def _broadcast(live: Stage, around: Surroundings) -> Broadcast:
    """As a packager takes it: with what the key holds now."""
    found = await live.onair.get(live.livestream)
    on_air = OnAir.FromString(found.value) if found is not None else None
    if on_air is None or on_air.broadcast_id != live.broadcast:
        found, record = None, await live.playback.get(live.broadcast)
    else:
        record = await live.playback.begin(live.livestream, on_air)
    assert record is not None
    return Broadcast(record, on_air=found, media=live.media, cmaf=live.cmaf, around=around)


async def _reconnect(live: Stage) -> str:
    """Join as ingest does; the broadcast that the encoder is part of."""
    while True:
        found = await live.onair.get(live.livestream)
        try:
            if found is None:
                new = OnAir(broadcast_id=new_id())
                await live.onair.create(live.livestream, new.SerializeToString())
                return new.broadcast_id
            value = OnAir.FromString(found.value)
            value.connections["primary"].CopyFrom(Connection(token=new_id(), since_us=1))
            await live.onair.update(live.livestream, value.SerializeToString(), found.revision)
        except (Exists, Stale):
            continue
        return value.broadcast_id


async def _race(shared: Stage, around: Surroundings, seed: int) -> None:
    """Let a broadcast's window run out while its encoder comes back and its packager dies, at any moments."""
    chance = random.Random(seed)
    live = replace(shared, livestream=new_id(), broadcast=new_id())
    await live.go_on_air(reconnect_window_ms=1)
    source = Source(tag="r", until_s=0.4)
    await live.send(log(with_configs(source.units(), source.configs), connection=5))
    first = spawn((await _broadcast(live, around)).run(), name="first")

    async def come_back() -> str:
        await asyncio.sleep(chance.uniform(0.2, 0.5))
        return await _reconnect(live)

    async def die() -> None:
        await asyncio.sleep(chance.uniform(0.2, 0.5))
        await cancel(first)

    returned, _ = await asyncio.gather(come_back(), die())
    for _ in range(20):
        heir = await _broadcast(live, around)
        async with asyncio.timeout(20):
            if await heir.run() == "ended":
                break
    await _assert_ended_once(live, returned)


async def _assert_ended_once(live: Stage, returned: str) -> None:
    logs = await live.ticks()
    assert sum(head.HasField("end") for _, head, _ in logs.ticks) == 1
    assert sum(segment.HasField("end") for segment in logs.segments) == 1
    assert await live.has_ended()
    found = await live.onair.get(live.livestream)
    if returned == live.broadcast:
        assert found is None
    else:
        assert found is not None
        assert OnAir.FromString(found.value).broadcast_id == returned


async def test_end_raced_with_a_reconnect_and_a_death_is_one_end(nats_server: NatsServer) -> None:
    """200 seeded times: each broadcast ends exactly once, and one that has begun meanwhile is left alone."""
    async with stage(nats_server) as live, _surroundings(live) as around:
        for start in range(0, 200, 40):
            async with asyncio.TaskGroup() as group:
                for seed in range(start, start + 40):
                    group.create_task(_race(live, around, seed))


async def _publish_raced(shared: Stage, around: Surroundings, seed: int) -> None:
    """Order it while the packager dies at any moment around the order; then heirs carry it on."""
    chance = random.Random(seed)
    live = replace(shared, livestream=new_id(), broadcast=new_id())
    await live.go_on_air(is_gated=True)
    source = Source(tag="r", until_s=12)
    messages = log(with_configs(source.units(), source.configs), connection=5)
    await live.send(messages[:40])
    running = spawn((await _broadcast(live, around)).run(), name="first")
    await asyncio.sleep(chance.uniform(0.1, 0.4))
    await live.change(lambda value: setattr(value, "publish_order_us", 1))
    await asyncio.sleep(chance.uniform(0, 0.35))
    await cancel(running)
    heirs = [spawn((await _broadcast(live, around)).run(), name="heir")]
    await until(lambda: _is_published(live))
    await live.send(messages[40:])
    await cancel(heirs.pop())
    heirs.append(spawn((await _broadcast(live, around)).run(), name="later heir"))
    await until(lambda: _shows_the_end_of(live, source))
    await cancel(heirs.pop())
    record = await live.playback.get(live.broadcast)
    assert record is not None
    await _assert_published_once(live, record.publish_time_us)


async def _is_published(live: Stage) -> bool:
    record = await live.playback.get(live.broadcast)
    return record is not None and record.publish_time_us > 0


async def _shows_the_end_of(live: Stage, source: Source) -> bool:
    last = next(name_of(unit.payload) for unit in reversed(source.units()) if unit.track is Track.VIDEO)
    return names(await live.ticks(), "video")[-1:] == [last]


async def _assert_published_once(live: Stage, publish_time_us: int) -> None:
    logs = await live.ticks()
    assert {head.state.publish_time_us for _, head, _ in logs.ticks if head.HasField("state")} <= {0, publish_time_us}
    assert_numbered(logs)
    shown = names(logs, "video")
    assert len(shown) == len(set(shown))
    # Whole GOPs of 60 pictures, and none of what came before the order.
    assert len(shown) % 60 == 0
    assert 0 < len(shown) <= 60 * 4


async def test_order_to_publish_raced_with_deaths_is_carried_out_once(nats_server: NatsServer) -> None:
    """24 seeded times: one time of publishing in the log, which origins are told, and one beginning."""
    async with stage(nats_server) as live, _surroundings(live) as given, asyncio.TaskGroup() as group:
        around = replace(given, settings=ProgramSettings(quiet_us=20_000_000))
        for seed in range(24):
            group.create_task(_publish_raced(live, around, seed))


async def test_record_says_when_pictures_stay_away_from_what_is_kept_back(nats_server: NatsServer) -> None:
    """Before the reconnect window begins: api refuses to publish by it; with the next picture it is taken back."""
    async with stage(nats_server) as live, _surroundings(live) as given:
        around = replace(given, settings=ProgramSettings(quiet_us=20_000_000))
        await live.go_on_air(is_gated=True)
        running = spawn((await _broadcast(live, around)).run(), name="broadcast")
        source = Source(tag="r", until_s=4)
        sent = log(with_configs(source.units(), source.configs), connection=5, closed=False)
        await live.send(sent[:10])
        await until(lambda: _has_lost_pictures(live, True))
        await live.send(sent[10:])
        await until(lambda: _has_lost_pictures(live, False))
        await cancel(running)


async def _has_lost_pictures(live: Stage, is_lost: bool) -> bool:
    record = await live.playback.get(live.broadcast)
    return record is not None and (record.picture_lost_us > 0) is is_lost


async def test_media_of_what_is_kept_back_goes_from_the_log(
    nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No segment tells the archivers what is used up, and it may be kept back for hours."""
    monkeypatch.setattr("services.packager.broadcast.KEEP_ALIVE_S", 0.1)
    async with stage(nats_server) as live, _surroundings(live) as around:
        await live.go_on_air(is_gated=True)
        running = spawn((await _broadcast(live, around)).run(), name="broadcast")
        source = Source(tag="r", until_s=3)
        await live.send(log(with_configs(source.units(), source.configs), connection=5, closed=False))
        subject = subjects.media(0, "primary", live.broadcast)
        last = await live.media.last(subject)

        async def is_gone() -> bool:
            first = await live.media.first(subject)
            return first is not None and last is not None and first.sequence == last.sequence

        await until(is_gone)
        await cancel(running)


async def test_rest_of_a_segment_whose_encoder_is_gone_is_listed_a_part_later(nats_server: NatsServer) -> None:
    """hls.js that is still loading the part before it would leave it out, and stand there."""
    async with stage(nats_server) as live, _surroundings(live) as around:
        await live.go_on_air()
        running = spawn((await _broadcast(live, around)).run(), name="broadcast")
        source = Source(tag="r", until_s=3.1)
        await live.send(log(with_configs(source.units(), source.configs), connection=5))

        async def is_whole() -> bool:
            return len((await live.ticks()).segments) == 2

        await until(is_whole)
        *_, before_us, rest_us = await live.part_times_us()
        assert rest_us - before_us >= around.settings.pace.part_s * 1e6
        await cancel(running)


async def test_key_that_the_watch_has_not_told_of_is_looked_up(nats_server: NatsServer) -> None:
    """A packager that thinks the key is gone asks before it ends anything."""
    async with stage(nats_server) as live, _surroundings(live) as around:
        await live.go_on_air()
        broadcast = await _broadcast(live, around)
        running = spawn(broadcast.run(), name="broadcast")
        broadcast.note_on_air(None)
        source = Source(tag="r", until_s=3)
        await live.send(log(with_configs(source.units(), source.configs), connection=5))
        await asyncio.sleep(0.6)
        logs = await live.ticks()

        assert not running.done()
        assert not any(head.HasField("end") for _, head, _ in logs.ticks)
        await cancel(running)


async def test_revision_that_is_not_the_last_ends_nothing(nats_server: NatsServer) -> None:
    """An encoder that came back has changed the key: the broadcast lives on though its packager saw an older one."""
    async with stage(nats_server) as live, _surroundings(live) as around:
        await live.go_on_air(reconnect_window_ms=300)
        broadcast = await _broadcast(live, around)
        source = Source(tag="r", until_s=1)
        await live.send(log(with_configs(source.units(), source.configs), connection=5))
        seen = await live.onair.get(live.livestream)
        assert seen is not None
        now_us = round(SystemClock().now() * 1e6)
        await live.change(lambda value: value.connections["primary"].CopyFrom(Connection(since_us=now_us + 60_000_000)))
        broadcast.note_on_air(Record(seen.key, seen.value, seen.revision))
        running = spawn(broadcast.run(), name="broadcast")
        await asyncio.sleep(1.5)

        assert not running.done()
        assert await live.onair.get(live.livestream) is not None
        await cancel(running)
