"""Encoders that break the rules of input, or whose broadcast is complete, on real sockets."""

import pytest

from headwater.internal.v1.onair_pb2 import OnAir, Rules
from services.common.clock import SystemClock
from services.common.input_rules import QUOTA_REFUSAL
from services.ingest.rtmp.messages import Message, MessageType
from tests.ingest.running import Livestream, Platform, ingest, platform, until
from tests.ingest.socket_encoder import SocketEncoder, encoder
from tests.ingest.test_rtmp_server import frames
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

HEVC = Message(MessageType.VIDEO, 1, 0, b"\x1c\x01\x00\x00\x00hevc")
MP3 = Message(MessageType.AUDIO, 1, 0, b"\x2fmp3")
RELAYED = Rules(is_hidden=True)


async def _send(sender: SocketEncoder, message: Message) -> None:
    sender.publisher.send(message)
    await sender.flush()


@pytest.mark.parametrize(
    ("message", "code", "codecs", "words"),
    [
        (HEVC, "ERR_UNSUPPORTED_VIDEO_CODEC", ("HEVC (codec id 12)", ""), "HEVC (codec id 12) video is not supported"),
        (MP3, "ERR_UNSUPPORTED_AUDIO_CODEC", ("", "MP3"), "MP3 audio is not supported"),
    ],
)
async def test_foreign_codec_is_refused_with_its_code(
    nats_server: NatsServer, message: Message, code: str, codecs: tuple[str, str], words: str
) -> None:
    """The encoder is told in words, and a fact names the codec."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            await _send(sender, message)
            status = await sender.refused()
        fact = await api.fact(livestream, "input_rejected")

        assert words in str(status["description"])
        said = fact.input_rejected
        assert (said.code, said.is_refused, (said.video_codec, said.audio_codec)) == (code, True, codecs)
        assert (fact.instance, bool(fact.broadcast_id)) == ("primary", True)


@pytest.mark.parametrize(("rules", "setting"), [(RELAYED, "true"), (Rules(record=True), "false")])
async def test_sound_goes_unheard_where_the_rules_do_not_hold(
    nats_server: NatsServer, rules: Rules, setting: str
) -> None:
    """Of what is only relayed, or by the operator's wish."""
    async with platform(nats_server) as api, ingest(nats_server, REFUSE_CODECS=setting) as edge:
        livestream = await api.create()
        await api.put_key(livestream, rules=rules)
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            await _send(sender, MP3)
            await sender.send_frames(5)
            await sender.unpublish()
            batches = await api.closed(await api.subject(livestream))

        assert frames(batches) == list(range(5))
        assert not any(fact.HasField("input_rejected") for fact in await api.facts(livestream))


async def test_full_tenant_is_refused_with_its_code(nats_server: NatsServer) -> None:
    """Its keys say so; no broadcast begins."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        await api.put_key(livestream, is_enabled=False, refusal=QUOTA_REFUSAL)
        async with encoder(edge.port, livestream.key) as sender:
            status = await sender.refused()
        fact = await api.fact(livestream, "input_rejected")

        assert status["description"] == QUOTA_REFUSAL
        assert [each.WhichOneof("fact") for each in await api.facts(livestream)] == ["input_rejected"]
        assert (fact.input_rejected.code, fact.input_rejected.is_refused) == ("ERR_STORAGE_QUOTA_EXHAUSTED", True)
        assert fact.broadcast_id == ""
        assert await api.on_air(livestream) is None


async def _complete(api: Platform, livestream: Livestream, linger_s: float) -> OnAir:
    """Order it as api does; what stood before."""
    record = await api.on_air(livestream)
    assert record is not None
    ended = OnAir()
    ended.CopyFrom(record)
    now_us = round(SystemClock().now() * 1e6)
    ended.end_reason, ended.linger_until_us = "complete", now_us + round(linger_s * 1e6)
    ended.hold_until_us = ended.linger_until_us + 60_000_000
    await api.put_on_air(livestream, ended)
    return record


async def test_complete_leaves_the_connection_and_throws_away_what_it_sends(nats_server: NatsServer) -> None:
    """Until it is let go, in words."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as sender:
            await sender.published()
            await sender.send_frames(40)
            subject = await api.subject(livestream)
            await until(lambda: sum(e.received_bytes for e in edge.server.encoders) > 40 * 100)
            await _complete(api, livestream, 1.0)
            await until(lambda: all(e.is_lingering for e in edge.server.encoders))
            await sender.send_frames(40)
            was_there = not sender.is_closed.is_set()
            status = await sender.refused()
            batches = await api.closed(subject)

        assert was_there
        assert status["description"] == "the broadcast is complete"
        sent = frames(batches)
        assert sent == list(range(len(sent)))
        assert len(sent) <= 40


async def test_new_push_while_the_last_one_lingers_begins_a_new_broadcast(nats_server: NatsServer) -> None:
    """And the one that lingers is let go."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with encoder(edge.port, livestream.key) as first:
            await first.published()
            before = await _complete(api, livestream, 60.0)
            await until(lambda: all(e.is_lingering for e in edge.server.encoders))
            async with encoder(edge.port, livestream.key) as second:
                await second.published()
                status = await first.refused()
                record = await api.on_air(livestream)

        assert status["description"] == "the broadcast has ended"
        assert record is not None
        assert (record.broadcast_id != before.broadcast_id, record.end_reason) == (True, "")
