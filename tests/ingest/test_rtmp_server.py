"""Encoders on real sockets: who is let in, what of theirs is in the log, and why they had to go."""

import asyncio

import pytest

from headwater.internal.v1.onair_pb2 import OnAir
from services.common.media.unit import Unit
from services.packager.program.ordering import Batch
from tests.ingest.running import ingest, platform, until
from tests.ingest.socket_encoder import encoder
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


def frames(batches: list[Batch]) -> list[int]:
    """The marks of all pictures, in the log's order."""
    units = [item.content for batch in batches for item in batch.items if isinstance(item.content, Unit)]
    return [int.from_bytes(unit.payload.removesuffix(b"\xff" * 100)[-4:], "big") for unit in units]


async def test_what_an_encoder_sends_is_in_the_log_with_its_end(nats_server: NatsServer) -> None:
    """Every unit in order, a fact when it comes and one when it goes, and a record of where it is on air."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            await sender.send_frames(200)
            await sender.unpublish()
            subject = await api.subject(livestream)
            batches = await api.closed(subject)
            record = await api.on_air(livestream)
        assert frames(batches) == list(range(200))
        assert batches[-1].closed == "the encoder stopped publishing"
        assert record is not None
        mine = record.connections["primary"]
        assert (mine.edge, mine.protocol, record.shard) == (edge.settings.replica, "rtmp", 0)
        connected = await api.fact(livestream, "encoder_connected")
        gone = await api.fact(livestream, "encoder_disconnected")
        assert connected.encoder_connected.connection == batches[0].connection
        assert connected.encoder_connected.remote_address == "127.0.0.1"
        assert connected.encoder_connected.encoder.startswith("FMLE")
        assert (gone.encoder_disconnected.is_clean, gone.broadcast_id) == (True, record.broadcast_id)
        assert gone.encoder_disconnected.received_bytes > 200 * 100


async def test_wrong_key_is_refused_as_encoders_understand_it(nats_server: NatsServer) -> None:
    """In words, and then the connection is closed."""
    async with ingest(nats_server) as edge:
        async with encoder(edge.port, "wrong") as sender:
            status = await sender.refused()
            assert status["level"] == "error"
            assert status["code"] == "NetStream.Publish.Unauthorized"
            assert status["description"] == "the stream key is unknown"
        await until(lambda: edge.server.connections == 0)


async def test_disabled_key_is_refused_until_it_is_enabled(nats_server: NatsServer) -> None:
    """And once it is, at once."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create(is_enabled=False)
        async with encoder(edge.port, livestream.key) as sender:
            status = await sender.refused()
            assert (status["code"], status["description"]) == (
                "NetStream.Publish.BadName",
                "the livestream is disabled",
            )
        assert (await api.fact(livestream, "encoder_refused")).encoder_refused.reason == "the livestream is disabled"
        await api.put_key(livestream)
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()


async def test_key_made_this_moment_is_admitted_a_hundred_times(nats_server: NatsServer) -> None:
    """No time passes between the key's writing and the encoder's asking."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        for _ in range(100):
            livestream = await api.create()
            async with encoder(edge.port, livestream.key) as sender:
                await sender.published()
        await until(lambda: edge.server.connections == 0)


async def test_second_encoder_takes_over_at_once(nats_server: NatsServer) -> None:
    """The first is told so; the log has the first's end before the second's beginning, and the same broadcast."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as first:
            await first.published()
            await first.send_frames(40)
            await until(lambda: sum(e.received_bytes for e in edge.server.encoders) > 40 * 100)
            subject = await api.subject(livestream)
            async with encoder(edge.port, livestream.key) as second:
                await second.published()
                status = await first.refused()
                await second.send_frames(40)
                await second.unpublish()
                batches = await api.closed(subject, 2)
            assert (status["code"], status["description"]) == (
                "NetStream.Publish.BadName",
                "another encoder has taken over",
            )
            assert await api.subject(livestream) == subject
        assert frames(batches) == [*range(40), *range(40)]
        ends = [batch.closed for batch in batches if batch.closed is not None]
        assert ends == ["another encoder has taken over", "the encoder stopped publishing"]
        assert len({batch.connection for batch in batches}) == 2


async def test_first_encoder_hears_why_it_goes_while_it_sends(nats_server: NatsServer) -> None:
    """What it still sends must not reset the connection before it has read its last words."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as first:
            await first.published()
            async with encoder(edge.port, livestream.key) as second:
                await second.published()
                while not first.is_closed.is_set():
                    await first.send_frames(30, fill=20_000)
                    await asyncio.sleep(0)
            assert first.publisher.statuses[-1]["code"] == "NetStream.Publish.BadName"


async def test_both_instances_share_a_broadcast(nats_server: NatsServer) -> None:
    """And a reconnect comes back to it."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        found = set()
        for instance in ("primary", "secondary", "primary"):
            async with encoder(edge.port, livestream.keys[instance]) as sender:
                await sender.published()
                record = await api.on_air(livestream)
                assert record is not None
                found.add(record.broadcast_id)
        assert len(found) == 1
        assert len(await api.facts(livestream)) >= 3


async def test_order_disconnects_and_holds_off_until_it_is_lifted(nats_server: NatsServer) -> None:
    """Or else OBS would be back on air at once."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            await sender.send_frames(40)
            record = await api.on_air(livestream)
            assert record is not None
            held = OnAir()
            held.CopyFrom(record)
            held.end_reason, held.hold_until_us = "order", 1 << 62
            await api.put_on_air(livestream, held)
            assert (await sender.refused())["description"] == "ended by order"
        async with encoder(edge.port, livestream.key) as sender:
            status = await sender.refused()
            assert (status["code"], "activate it" in str(status["description"])) == (
                "NetStream.Publish.Rejected",
                True,
            )
        await api.take_off(livestream)
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            later = await api.on_air(livestream)
            assert later is not None
            assert later.broadcast_id != record.broadcast_id


async def test_broadcast_that_was_ended_lets_its_encoder_go(nats_server: NatsServer) -> None:
    """Its packager has deleted the key; the encoder comes back into a new broadcast."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            await api.take_off(livestream)
            status = await sender.refused()
            assert (status["code"], status["description"]) == (
                "NetStream.Unpublish.Success",
                "the broadcast has ended",
            )


async def test_withdrawn_key_disconnects_who_came_by_it(nats_server: NatsServer) -> None:
    """A key that has leaked is worth nothing once it is reset."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with (
            encoder(edge.port, livestream.key) as sender,
            encoder(edge.port, livestream.keys["secondary"]) as other,
        ):
            await sender.published()
            await other.published()
            await api.withdraw(livestream.key)
            assert (await sender.refused())["description"] == "the stream key was withdrawn"
            assert not other.is_closed.is_set()


async def test_encoder_publishes_again_on_the_same_socket(nats_server: NatsServer) -> None:
    """Twice, with all media of each: as a later connection of the same broadcast."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            for _ in range(2):
                await sender.published()
                await sender.send_frames(60)
                await sender.unpublish()
                sender.frames = 0
                sender.publisher.publish()
                await sender.flush()
            await sender.published()
            batches = await api.closed(await api.subject(livestream), 2)
        assert frames(batches) == [*range(60), *range(60)]


async def test_client_that_leaves_while_it_is_admitted_leaves_nothing(own_nats: NatsServer) -> None:
    """No connection, no task, and the log says that the place is free."""
    async with platform(own_nats) as api, ingest(own_nats) as edge:
        livestream = await api.create()
        own_nats.pause()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.wait(lambda publisher: publisher.stream_id != 0)
            sender.abort()
        own_nats.resume()
        await until(lambda: not edge.server.connections and not _tasks("admit", "end", "media log"))
        assert edge.server.encoders == []
        record = await api.on_air(livestream)
        if record is not None:  # where the admission had got that far
            batches = await api.closed(await api.subject(livestream))
            assert len(batches) == 1


async def test_encoder_that_comes_while_nats_restarts_is_let_in_afterwards(own_nats: NatsServer) -> None:
    """It waits instead of being refused."""
    async with platform(own_nats) as api, ingest(own_nats) as edge:
        livestream = await api.create()
        own_nats.kill()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.wait(lambda publisher: publisher.stream_id != 0)
            await asyncio.to_thread(own_nats.start)
            await sender.published()


async def test_encoders_that_left_while_they_waited_push_nobody_aside(own_nats: NatsServer) -> None:
    """An encoder that gave up and came back during an outage is one, however often it tried."""
    async with platform(own_nats) as api, ingest(own_nats) as edge:
        livestream = await api.create()
        own_nats.kill()
        for _ in range(10):
            async with encoder(edge.port, livestream.key) as sender:
                await sender.wait(lambda publisher: publisher.stream_id != 0)
        async with encoder(edge.port, livestream.key) as sender:
            await sender.wait(lambda publisher: publisher.stream_id != 0)
            await asyncio.to_thread(own_nats.start)
            await sender.published()
            await until(lambda: not _tasks("admit"))
            await sender.send_frames(30)
            await sender.unpublish()
            batches = await api.closed(await api.subject(livestream))
        assert frames(batches) == list(range(30))


async def test_encoder_is_told_when_nats_stays_away(own_nats: NatsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not told that its key is unknown: nobody knows."""
    monkeypatch.setattr("services.ingest.admission.ADMIT_S", 0.3)
    async with ingest(own_nats) as edge:
        own_nats.kill()
        async with encoder(edge.port, "some key") as sender:
            status = await sender.refused()
            assert (status["code"], status["description"]) == (
                "NetStream.Publish.Rejected",
                "the server is not ready; try again in a moment",
            )


async def test_encoder_above_the_bit_rate_is_sent_away(
    nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With both numbers in words."""
    monkeypatch.setattr("services.ingest.encoder.MEASURE_S", 0.2)
    async with platform(nats_server) as api, ingest(nats_server, MAX_BITRATE="200k") as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            while not sender.is_closed.is_set():
                await sender.send_frames(10, fill=5000)
                await asyncio.sleep(0.01)
            assert "Mbit/s; at most 0.2 are taken" in str(sender.publisher.statuses[-1]["description"])
        measured = await api.fact(livestream, "input_measured")
        assert measured.input_measured.received_bytes * 8000 > 200_000 * measured.input_measured.interval_ms


async def test_drain_writes_what_came_and_the_end(nats_server: NatsServer) -> None:
    """Encoders hear why, and nobody new is let in."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            await sender.send_frames(45)
            await until(lambda: sum(e.received_bytes for e in edge.server.encoders) > 45 * 100)
            subject = await api.subject(livestream)
            await edge.app.drain()
            assert (await sender.refused())["description"] == "the server is going away"
            batches = await api.read(subject)
            assert frames(batches) == list(range(45))
            assert batches[-1].closed == "the server is going away"
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", edge.port)


async def test_outage_of_nats_costs_no_frame(own_nats: NatsServer) -> None:
    """Sent before, while and after it is away: all there, in order, on the same connection."""
    async with platform(own_nats) as api, ingest(own_nats) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            subject = await api.subject(livestream)
            await sender.send_frames(100)
            own_nats.kill()
            await sender.send_frames(100)
            await asyncio.to_thread(own_nats.start)
            await sender.send_frames(100)
            await sender.unpublish()
            await api.bus.wait_connected()
            batches = await api.closed(subject)
        assert frames(batches) == list(range(300))
        assert len({batch.connection for batch in batches}) == 1


def _tasks(*kinds: str) -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith(kinds)]
