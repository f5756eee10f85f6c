"""The packager as a program, killed, paused and outvoted: the CMAF log has every frame once, and one end."""

import asyncio
import random
import signal

import pytest

from headwater.internal.v1.onair_pb2 import OnAir, Playback
from services.common.clock import SystemClock
from services.common.media.unit import Track
from services.common.tasks import cancel, spawn
from tests.packager.program.encoder import Message
from tests.packager.program.log import Logs
from tests.packager.program.rules import assert_in_order, assert_numbered, names
from tests.packager.program.synthetic import Source, log, name_of, with_configs
from tests.packager.running import Stage, children, stage, until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.timeout(120)


def _source(until_s: float = 6.0, since_s: float = 0.0, tag: str = "a") -> Source:
    return Source(tag=tag, until_s=until_s, since_s=since_s, frame_bytes=2000)


def _sent(source: Source, track: Track) -> list[str]:
    return [name_of(unit.payload) for unit in source.units() if unit.track is track]


def _messages(source: Source, *, connection: int = 5, closed: bool = True, instance: str = "primary") -> list[Message]:
    entries = with_configs(source.units(), source.configs)
    return log(entries, connection=connection, closed=closed, instance=instance)


def _assert_every_frame(logs: Logs, source: Source) -> None:
    assert_numbered(logs)
    assert_in_order(logs)
    assert names(logs, "video") == _sent(source, Track.VIDEO)
    assert names(logs, "audio") == _sent(source, Track.AUDIO)


async def _has_put_out(live: Stage, source: Source) -> bool:
    """True once all of the source is in the CMAF log."""
    logs = await live.ticks()
    return names(logs, "video")[-1:] == _sent(source, Track.VIDEO)[-1:]


async def _has_said(live: Stage, kind: str) -> bool:
    """True once that fact is on the bus; it follows the end message."""
    return any(fact.WhichOneof("fact") == kind for fact in await live.facts())


async def test_broadcast_is_taken_written_and_ended(nats_server: NatsServer) -> None:
    """From the key to the end message: every frame once, records, facts and segments that follow from it."""
    source = _source()
    async with stage(nats_server) as live, children(nats_server, "packager-a") as (child,):
        await live.go_on_air(reconnect_window_ms=1000)
        await live.send(_messages(source))
        await until(live.has_ended)
        logs = await live.ticks()
        await until(lambda: _has_said(live, "broadcast_ended"))
        facts = await live.facts()

        _assert_every_frame(logs, source)
        assert [head.end.reason for _, head, _ in logs.ticks if head.HasField("end")] == ["reconnect-window"]
        assert [s.msn for s in logs.segments] == [0, 1, 2, 3]
        assert logs.segments[-1].end.reason == "reconnect-window"
        assert await live.onair.get(live.livestream) is None
        assert {f.WhichOneof("fact") for f in facts} == {
            "broadcast_started",
            "source_changed",
            "media_lost",
            "broadcast_ended",
        }
        assert not child.has_said("Traceback")


async def test_killed_at_any_moment_the_log_has_every_frame_once(nats_server: NatsServer) -> None:
    """kill -9 again and again while media comes: the next one goes on where the log ends."""
    chance = random.Random(7)
    source = _source(8.0)
    async with stage(nats_server) as live, children(nats_server, "packager-k") as (child,):
        await live.go_on_air()
        sending = spawn(live.send(_messages(source), each_s=0.12), name="encoder")
        said = []
        for _ in range(4):
            await asyncio.sleep(chance.uniform(0.2, 1.2))
            await child.kill()
            said += child.said
            await child.start()
        await sending
        await until(lambda: _has_put_out(live, source))

        _assert_every_frame(await live.ticks(), source)
        assert any("taking over a broadcast" in line for line in said + child.said)
        assert not any("Traceback" in line for line in said + child.said)


async def test_server_killed_in_mid_stream_loses_nothing(own_nats: NatsServer) -> None:
    """nats-server killed with -9 and started again: the packager goes on, and the source does not change."""
    source = _source(6.0)
    async with stage(own_nats) as live, children(own_nats, "packager-n") as (child,):
        await live.go_on_air()
        messages = _messages(source, closed=False)
        await live.send(messages[:30], each_s=0.05)
        await asyncio.to_thread(own_nats.restart, by_force=True)
        await live.send(messages[30:], each_s=0.02)
        await until(lambda: _has_put_out(live, source), timeout_s=20)
        facts = await live.facts()

        assert [f.source_changed.reason for f in facts if f.HasField("source_changed")] == ["started"]
        assert not child.has_said("Traceback")
        await live.change(lambda value: setattr(value, "end_reason", "order"))
        await until(live.has_ended)
        _assert_every_frame(await live.ticks(), source)


async def test_paused_packager_writes_nothing_after_another_has_taken_over(nats_server: NatsServer) -> None:
    """SIGSTOP until the other has the broadcast, then SIGCONT: fenced, and the log is one writer's."""
    source = _source(8.0)
    async with stage(nats_server) as live, children(nats_server, "packager-p") as (first,):
        await live.go_on_air()
        messages = _messages(source, closed=False)
        await live.send(messages[:30])
        await until(lambda: _epoch_is(live, 1))
        async with children(nats_server, "packager-q"):
            first.signal(signal.SIGSTOP)
            await live.send(messages[30:50])
            await until(lambda: _epoch_is(live, 2))
            first.signal(signal.SIGCONT)
            await live.send(messages[50:])
            await first.until_said("fenced")
            await live.change(lambda value: setattr(value, "end_reason", "order"))
            await until(live.has_ended)
            logs = await live.ticks()

            epochs = [head.epoch for _, head, _ in logs.ticks]
            assert epochs == sorted(epochs)
            _assert_every_frame(logs, source)
            assert not first.has_said("Traceback")


async def _epoch_is(live: Stage, epoch: int) -> bool:
    logs = await live.ticks()
    return any(head.epoch == epoch and head.parts for _, head, _ in logs.ticks)


async def test_order_ends_the_broadcast_and_leaves_the_key(nats_server: NatsServer) -> None:
    """An order ends with its reason; its key stays, and nobody tries the broadcast again."""
    source = _source(3.0)
    async with stage(nats_server) as live, children(nats_server, "packager-o") as (child,):
        await live.go_on_air()
        await live.send(_messages(source, closed=False))
        await until(lambda: _epoch_is(live, 1))
        await live.change(lambda value: setattr(value, "end_reason", "order"))
        await until(live.has_ended)
        logs = await live.ticks()

        assert [head.end.reason for _, head, _ in logs.ticks if head.HasField("end")] == ["order"]
        _assert_every_frame(logs, source)
        found = await live.onair.get(live.livestream)
        assert found is not None
        assert OnAir.FromString(found.value).end_reason == "order"
        await child.stop()
        mine = [line for line in child.said if live.broadcast in line]
        assert sum("beginning" in line or "taking" in line for line in mine) == 1, mine


@pytest.mark.parametrize("is_ordered", [True, False])
async def test_end_cuts_off_nothing_that_is_in_the_log(nats_server: NatsServer, is_ordered: bool) -> None:
    """A packager that finds an order, or a key that is gone, before it has read the media reads it first."""
    source = _source(20.0)
    async with stage(nats_server) as live:
        await live.go_on_air()
        await live.send(_messages(source, closed=False))
        if is_ordered:
            await live.change(lambda value: setattr(value, "end_reason", "order"))
        else:
            found = await live.onair.get(live.livestream)
            assert found is not None
            await live.playback.begin(live.livestream, OnAir.FromString(found.value))
            await live.onair.delete(live.livestream)
        async with children(nats_server, "packager-l"):
            await until(live.has_ended)
        logs = await live.ticks()

        _assert_every_frame(logs, source)


@pytest.mark.alone  # told from the end of a lease by time: 1.5 s against 2 s
async def test_leaving_packager_hands_over_at_once(nats_server: NatsServer) -> None:
    """SIGTERM gives the broadcast to another packager without waiting for a lease to run out."""
    source = _source(6.0)
    async with stage(nats_server) as live, children(nats_server, "packager-x") as (first,):
        await live.go_on_air()
        messages = _messages(source)
        await live.send(messages[:30])
        await until(lambda: _epoch_is(live, 1))
        async with children(nats_server, "packager-y") as (second,):
            sending = spawn(live.send(messages[30:], each_s=0.05), name="encoder")
            assert await first.stop() == 0
            await second.until_said("taking over a broadcast", timeout_s=1.5)
            await sending
            await until(lambda: _has_put_out(live, source))

            _assert_every_frame(await live.ticks(), source)


async def test_restarted_packager_does_not_end_what_is_on_air(nats_server: NatsServer) -> None:
    """A program that has just begun to watch knows little: a broadcast without media is not taken for ended."""
    async with stage(nats_server) as live, children(nats_server, "packager-r") as (child,):
        await live.go_on_air()
        await live.send(_messages(_source(3.0), closed=True))
        await until(lambda: _epoch_is(live, 1))
        for _ in range(3):
            await child.kill()
            await child.start()
            await child.until_said("taking over a broadcast")
        record = await live.playback.get(live.broadcast)

        assert record is not None
        assert record.state == Playback.LIVE
        assert not any(head.HasField("end") for _, head, _ in (await live.ticks()).ticks)


@pytest.mark.parametrize("seed", range(3))
async def test_packager_that_dies_while_ending_leaves_one_end(nats_server: NatsServer, seed: int) -> None:
    """Killed around the deletion of the key: whoever comes next writes the end message, once."""
    chance = random.Random(seed)
    async with stage(nats_server) as live, children(nats_server, "packager-e") as (child,):
        await live.go_on_air(reconnect_window_ms=500)
        await live.send(_messages(_source(3.0)))
        await until(lambda: _is_off_air(live), timeout_s=20)
        await asyncio.sleep(chance.uniform(0, 0.02))
        await child.kill()
        await child.start()
        await until(live.has_ended)
        logs = await live.ticks()

        assert sum(head.HasField("end") for _, head, _ in logs.ticks) == 1
        assert sum(segment.HasField("end") for segment in logs.segments) == 1
        _assert_every_frame(logs, _source(3.0))


async def _is_off_air(live: Stage) -> bool:
    return await live.onair.get(live.livestream) is None


async def test_broadcast_that_has_run_its_time_is_ended_and_its_encoder_held_off(nats_server: NatsServer) -> None:
    """By a rule that came while it was on air; the key says why, so that an heir would end it for the same reason."""
    source = _source(3.0)
    async with stage(nats_server) as live, children(nats_server, "packager-m"):
        await live.go_on_air(start_time_us=round(SystemClock().now() * 1e6) - 60_000_000)
        await live.send(_messages(source))
        await until(lambda: _epoch_is(live, 1))
        await live.change(lambda value: setattr(value.rules, "max_run_time_ms", 60_000))
        await until(live.has_ended)
        logs = await live.ticks()
        found = await live.onair.get(live.livestream)

        assert [head.end.reason for _, head, _ in logs.ticks if head.HasField("end")] == ["run-time"]
        _assert_every_frame(logs, source)
        assert found is not None
        held = OnAir.FromString(found.value)
        assert (held.end_reason, held.hold_until_us > SystemClock().now() * 1e6) == ("run-time", True)


async def test_broadcast_that_nobody_publishes_has_its_time_too(nats_server: NatsServer) -> None:
    """Else its encoder could stay for ever; nothing of it was put out."""
    async with stage(nats_server) as live, children(nats_server, "packager-n"):
        start_us = round(SystemClock().now() * 1e6) - 60_000_000
        await live.go_on_air(start_time_us=start_us, is_gated=True)
        await live.send(_messages(_source(3.0)))
        await until(lambda: _has_said(live, "source_changed"))
        await live.change(lambda value: setattr(value.rules, "max_run_time_ms", 60_000))
        await until(live.has_ended)
        logs = await live.ticks()

        assert [head.end.reason for _, head, _ in logs.ticks if head.HasField("end")] == ["run-time"]
        assert not await _put_out(live)


async def _put_out(live: Stage) -> bool:
    return any(head.parts for _, head, _ in (await live.ticks()).ticks)


async def _is_published(live: Stage) -> bool:
    record = await live.playback.get(live.broadcast)
    return record is not None and record.publish_time_us > 0


@pytest.mark.alone  # a packager that is long in starting finds the picture silent, and waits for another
@pytest.mark.parametrize("seed", range(2))
async def test_published_once_though_packagers_die_over_the_order(nats_server: NatsServer, seed: int) -> None:
    """Nothing is put out before; killed around the order, the next one publishes, and the broadcast begins there."""
    chance = random.Random(seed)
    source = _source(30.0)
    messages = _messages(source)
    before, after = messages[:60], messages[60:]
    async with stage(nats_server) as live, children(nats_server, "packager-g") as (child,):
        await live.go_on_air(is_gated=True)
        await live.send(before)
        await until(lambda: _has_said(live, "source_changed"))
        was_put_out = await _put_out(live)
        await live.change(lambda value: setattr(value, "publish_order_us", 1))
        await asyncio.sleep(chance.uniform(0, 0.3))
        await child.kill()
        await child.start()
        await until(lambda: _is_published(live))
        await live.send(after)
        await until(lambda: _has_put_out(live, source))
        logs, facts = await live.ticks(), await live.facts()

        assert not was_put_out
        sent = _sent(source, Track.VIDEO)
        got = names(logs, "video")
        assert got == sent[-len(got) :]
        assert 0 < len(got) <= len(sent) - 30 * 5
        assert_numbered(logs)
        assert logs.segments[0].msn == 0
        times = {head.state.publish_time_us for _, head, _ in logs.ticks if head.HasField("state")} - {0}
        said = {fact.id: fact for fact in facts if fact.HasField("program_published")}
        record = await live.playback.get(live.broadcast)
        assert record is not None
        assert record.is_gated
        assert [times, {f.program_published.publish_time_us for f in said.values()}] == [{record.publish_time_us}] * 2
        assert len(said) == 1
        assert not child.has_said("Traceback")


async def test_order_without_a_picture_waits_for_one(nats_server: NatsServer) -> None:
    """It stays in the key; with the first picture it is carried out."""
    async with stage(nats_server) as live, children(nats_server, "packager-w"):
        await live.go_on_air(start_time_us=round(SystemClock().now() * 1e6), is_gated=True)
        await live.change(lambda value: setattr(value, "publish_order_us", 1))
        await until(lambda: _has_spoken(live))
        is_published = await _is_published(live)
        source = _source(6.0)
        messages = _messages(source)
        await live.send(messages[:5])
        await until(lambda: _is_published(live))
        await live.send(messages[5:])
        await until(lambda: _has_put_out(live, source))

        assert not is_published


async def _has_spoken(live: Stage) -> bool:
    return len((await live.ticks()).ticks) > 0


async def test_broadcast_that_was_never_published_ends_without_a_segment(nats_server: NatsServer) -> None:
    """The window ends it as any other; there is nothing to keep."""
    async with stage(nats_server) as live, children(nats_server, "packager-u"):
        await live.go_on_air(is_gated=True, reconnect_window_ms=500)
        await live.send(_messages(_source(3.0)))
        await until(live.has_ended)
        logs = await live.ticks()

        assert [head.end.reason for _, head, _ in logs.ticks if head.HasField("end")] == ["reconnect-window"]
        assert not any(head.parts for _, head, _ in logs.ticks)
        assert [(segment.msn, segment.HasField("end")) for segment in logs.segments] == [(0, True)]


async def test_recording_ends_at_its_limit_and_the_broadcast_goes_on(nats_server: NatsServer) -> None:
    """Later segments are not kept, the end says how many are, and the record that it is a beginning."""
    source = _source(9.0)
    async with stage(nats_server) as live, children(nats_server, "packager-c", RECORDING_LIMIT="3") as (child,):
        await live.go_on_air(reconnect_window_ms=500)
        await live.send(_messages(source))
        await until(live.has_ended)
        logs, record = await live.ticks(), await live.playback.get(live.broadcast)

        _assert_every_frame(logs, source)
        closed = [segment for segment in logs.segments if not segment.HasField("end")]
        assert [segment.record for segment in closed] == [True] * 2 + [False] * (len(closed) - 2)
        assert logs.segments[-1].msn == 2
        assert record is not None
        assert (record.is_truncated, record.is_recorded) == (True, True)
        assert not child.has_said("Traceback")


def _complete(value: OnAir) -> None:
    value.end_reason, value.linger_until_us = "complete", round(SystemClock().now() * 1e6) + 60_000_000


async def test_complete_ends_at_once_though_its_encoder_stays(nats_server: NatsServer) -> None:
    """Nobody waits for last words, and what still comes is in no recording; the key stays as the order's."""
    source = _source(20.0)
    messages = _messages(source, closed=False)
    async with stage(nats_server) as live, children(nats_server, "packager-f"):
        await live.go_on_air()
        await live.send(messages[:60])
        await until(lambda: _epoch_is(live, 1))
        await live.change(_complete)
        sending = spawn(live.send(messages[60:], each_s=0.1), name="encoder")
        await until(live.has_ended, timeout_s=10)
        was_sending = not sending.done()
        await cancel(sending)
        logs = await live.ticks()
        found = await live.onair.get(live.livestream)

        assert was_sending
        assert [head.end.reason for _, head, _ in logs.ticks if head.HasField("end")] == ["complete"]
        got, sent = names(logs, "video"), _sent(source, Track.VIDEO)
        assert got == sent[: len(got)]
        assert 0 < len(got) < len(sent)
        assert found is not None
        assert OnAir.FromString(found.value).end_reason == "complete"


async def test_order_that_another_broadcast_has_overwritten_is_still_the_reason(nats_server: NatsServer) -> None:
    """A new push may begin before the packager has ended what was completed."""
    async with stage(nats_server) as live, children(nats_server, "packager-v") as (child,):
        await live.go_on_air()
        await live.send(_messages(_source(3.0)))
        await until(lambda: _epoch_is(live, 1))
        child.signal(signal.SIGSTOP)
        await live.change(_complete)
        await live.change(lambda value: value.CopyFrom(OnAir(broadcast_id="other")))
        child.signal(signal.SIGCONT)
        await until(live.has_ended)
        logs = await live.ticks()

        assert [head.end.reason for _, head, _ in logs.ticks if head.HasField("end")] == ["complete"]
