"""services.ingest.rtmp.session: a publisher and a session, without a socket"""

import pytest

from services.common.media.unit import Track
from services.ingest.rtmp import messages
from services.ingest.rtmp.answers import StatusCode
from services.ingest.rtmp.errors import LocalProtocolError
from services.ingest.rtmp.events import Closed, MetadataReceived, PublishRequested, Unpublished
from services.ingest.rtmp.limits import Limits
from services.ingest.rtmp.messages import Message, MessageType
from services.ingest.rtmp.session import Session
from services.ingest.rtmp.state import State
from tests.clients.rtmp_client import COMMAND, CONTROL, Publisher
from tests.ingest.rtmp.pair import Pair
from tests.ingest.rtmp.samples import AAC_RECORD, AVC_RECORD, idr, picture


def published(pair: Pair | None = None) -> Pair:
    """A pair that is on air with both configurations told."""
    pair = (pair or Pair()).run()
    pair.publisher.send_video_config(0, AVC_RECORD)
    pair.publisher.send_audio_config(0, AAC_RECORD)
    return pair.run()


def test_publish_is_asked_and_answered() -> None:
    """The request carries where the key may be; the encoder hears Publish.Start only after accept."""
    asked: list[PublishRequested] = []
    pair = Pair(answer=lambda _, request: asked.append(request)).run()
    assert (asked[0].app, asked[0].stream_name, asked[0].publish_type) == ("live", "key", "live")
    assert asked[0].candidates[0] == "key"
    assert asked[0].encoder.startswith("FMLE/3.0")
    assert pair.publisher.statuses == []
    assert pair.session.accept()
    pair.publisher.receive_data(pair.session.data_to_send())
    assert [status["code"] for status in pair.publisher.statuses] == ["NetStream.Publish.Start"]
    assert "onFCPublish" in [command.name for command in pair.publisher.commands]


def test_request_does_not_show_the_key_in_a_log() -> None:
    """Repr of the event holds neither name, app, URL nor query."""
    request = Pair(Publisher("live?k=SECRET", "SECRET")).run().of(PublishRequested)[0]
    assert "SECRET" not in repr(request)


def test_media_becomes_configs_and_units_in_order() -> None:
    """Each track's configuration comes first; decode and composition times are in ticks of 90 kHz."""
    pair = published()
    pair.publisher.send_video(1000, idr(), is_key=True, cts_ms=40)
    pair.publisher.send_audio(1010, b"sound")
    pair.publisher.send_video(1033, picture(), is_key=False)
    pair.run()
    assert pair.records == [AVC_RECORD, AAC_RECORD]
    assert [(u.track, u.dts, u.cts, u.is_key, u.payload) for u in pair.units] == [
        (Track.VIDEO, 90_000, 3600, True, idr()),
        (Track.AUDIO, 90_900, 0, True, b"sound"),
        (Track.VIDEO, 92_970, 0, False, picture()),
    ]
    assert (pair.session.media.video_units, pair.session.media.audio_units) == (2, 1)


@pytest.mark.parametrize("code", [StatusCode.BAD_NAME, StatusCode.UNAUTHORIZED, StatusCode.REJECTED])
def test_refused_encoder_is_told_why_and_closed(code: StatusCode) -> None:
    """The onStatus has level error, the code and the words; then the session is over, by the peer's fault."""
    pair = Pair(answer=lambda session, _: session.reject(code, "No such stream key.")).run()
    status = pair.publisher.statuses[0]
    assert status == {"level": "error", "code": code.value, "description": "No such stream key."}
    pair.drain()
    assert pair.closed == Closed(f"refused: {code.value}", "peer", clean=False)


def test_publish_without_any_name_is_refused_without_asking() -> None:
    """Where no key can be, nobody is asked."""
    pair = Pair(Publisher("", "", connect={"tcUrl": ""})).run()
    assert pair.publisher.statuses[0]["code"] == "NetStream.Publish.BadName"
    assert pair.of(PublishRequested) == []
    assert pair.closed is not None


def test_unpublish_is_told_once_and_the_end_is_clean() -> None:
    """FCUnpublish and deleteStream end the stream once; the encoder hears Unpublish.Success."""
    pair = published()
    pair.publisher.unpublish()
    pair.run()
    assert len(pair.of(Unpublished)) == 1
    assert pair.publisher.statuses[-1]["code"] == "NetStream.Unpublish.Success"
    pair.session.receive_eof()
    pair.drain()
    assert pair.closed == Closed("the encoder closed the connection", "peer", clean=True)


def test_second_publication_begins_afresh() -> None:
    """After an unpublish the same connection may publish again; configs are told again, time starts again."""
    pair = published()
    pair.publisher.send_video(50_000, idr(), is_key=True)
    pair.publisher.unpublish()
    pair.publisher.publish()
    pair = published(pair)
    pair.publisher.send_video(7, idr(), is_key=True)
    pair.run()
    assert len(pair.of(PublishRequested)) == 2
    assert pair.records == [AVC_RECORD, AAC_RECORD] * 2
    assert [unit.dts for unit in pair.units] == [50_000 * 90, 7 * 90]


def test_connection_lost_in_mid_stream_is_not_clean() -> None:
    """An end without unpublish says so."""
    pair = published()
    pair.session.receive_eof()
    pair.drain()
    assert pair.closed is not None
    assert not pair.closed.clean


def test_second_publish_on_a_busy_connection_is_refused_and_the_first_goes_on() -> None:
    """One connection publishes one stream."""
    pair = published()
    pair.publisher.publish()
    pair.run()
    assert pair.publisher.statuses[-1]["code"] == "NetStream.Publish.BadName"
    pair.publisher.send_video(0, idr(), is_key=True)
    assert len(pair.run().units) == 1


def test_takeover_tells_the_old_encoder() -> None:
    """Close with BAD_NAME is an error to the encoder and a clean, local end to us."""
    pair = published()
    pair.session.close("another encoder took over", StatusCode.BAD_NAME)
    pair.publisher.receive_data(pair.session.data_to_send())
    pair.drain()
    assert pair.publisher.statuses[-1]["code"] == "NetStream.Publish.BadName"
    assert pair.publisher.statuses[-1]["level"] == "error"
    assert pair.closed == Closed("another encoder took over", "local", clean=True)


def test_closed_is_told_once_and_nothing_follows() -> None:
    """After Closed bytes, timers, answers and closes do nothing."""
    pair = published()
    pair.session.close("over")
    pair.session.close("again")
    pair.session.receive_data(b"\xff" * 100, 1.0)
    pair.session.handle_timer(1e9)
    pair.session.receive_eof()
    assert not pair.session.accept()
    assert not pair.session.reject(StatusCode.BAD_NAME, "")
    pair.drain()
    assert len(pair.of(Closed)) == 1
    assert pair.session.timeout_at is None


def test_answer_without_a_question_is_our_fault() -> None:
    """Accept and reject outside REQUESTED raise LocalProtocolError."""
    session = Session(Limits(), now=0.0)
    with pytest.raises(LocalProtocolError):
        session.accept()
    with pytest.raises(LocalProtocolError):
        session.reject(StatusCode.BAD_NAME, "")


def test_media_behind_publish_waits_for_the_answer() -> None:
    """An encoder that does not wait loses nothing: what came before accept is read after it."""
    pair = Pair(answer=lambda *_: None).run()
    pair.publisher.send_video_config(0, AVC_RECORD)
    pair.publisher.send_video(0, idr(b"\x88" * 30_000), is_key=True)
    pair.run()
    assert pair.session.state is State.REQUESTED
    assert pair.units == []
    pair.session.accept()
    pair.drain()
    assert len(pair.units[0].payload) > 30_000


def test_media_and_publish_in_one_read_are_all_taken() -> None:
    """Publish, configuration and picture in one receive_data give the picture after accept."""
    pair = Pair(answer=lambda *_: None)
    publisher = pair.publisher
    while not publisher.stream_id:
        pair.session.receive_data(publisher.data_to_send(), 0.0)
        publisher.receive_data(pair.session.data_to_send())
    publisher.send_video_config(0, AVC_RECORD)
    publisher.send_video(0, idr(b"\x88" * 60_000), is_key=True)
    pair.run()
    pair.session.accept()
    pair.drain()
    assert len(pair.units) == 1


def test_metadata_is_told() -> None:
    """OnMetaData inside @setDataFrame comes as a mapping."""
    pair = published()
    pair.publisher.send_metadata({"width": 1280.0, "encoder": "x"})
    assert pair.run().of(MetadataReceived)[0].values == {"width": 1280.0, "encoder": "x"}


def test_broken_metadata_is_a_warning() -> None:
    """Metadata is a hint: it may be broken and the stream goes on."""
    pair = published()
    pair.publisher.send(Message(MessageType.DATA, 1, 0, b"\x02\x00\xffx"))
    pair.publisher.send_video(0, idr(), is_key=True)
    pair.run()
    assert "metadata ignored" in pair.warnings[0]
    assert len(pair.units) == 1


def test_encoder_that_asks_for_no_window_is_left_in_peace() -> None:
    """What it has not read when it closes would cost it its last frames: 10 MB go without a word."""
    pair = published()
    pair.publisher.controls.clear()
    for n in range(10):
        pair.publisher.send_video(n, idr(b"\x88" * 1_000_000), is_key=True)
        pair.run()
    assert [c for c in pair.publisher.controls if c.type_id == MessageType.ACKNOWLEDGEMENT] == []


def test_received_bytes_are_acknowledged_with_a_count_that_wraps() -> None:
    """Half a window after the last one an Acknowledgement says how much came, modulo 2^32."""
    pair = published()
    pair.publisher.send(messages.window_ack_size(100_000), CONTROL)
    pair.session.bytes_received = pair.session._acknowledged = 2**32 - 10_000
    for n in range(8):
        pair.publisher.send_video(n, idr(b"\x88" * 10_000), is_key=True)
        pair.run()
    acks = [c for c in pair.publisher.controls if c.type_id == MessageType.ACKNOWLEDGEMENT]
    assert [int.from_bytes(ack.payload, "big") < 100_000 for ack in acks] == [True]


def test_ping_is_answered_and_other_user_control_ignored() -> None:
    """PingRequest gets its own time back; unknown and short events get nothing."""
    pair = published()
    pair.publisher.controls.clear()
    for body in (b"\x00\x06\x00\x00\x12\x34", b"\x00\x03\x00\x00\x00\x01\x00\x00\x00\x64", b"\x00\x63", b""):
        pair.publisher.send(Message(MessageType.USER_CONTROL, 0, 0, body), CONTROL)
    pair.run()
    assert [bytes(control.payload) for control in pair.publisher.controls] == [b"\x00\x07\x00\x00\x12\x34"]
    assert pair.closed is None


def test_unknown_messages_are_ignored() -> None:
    """Acknowledgements, bandwidth, shared objects and types not yet invented end nothing."""
    pair = published()
    for kind in (3, 6, 7, 16, 19, 99, 255):
        pair.publisher.send(Message(kind, 0, 0, b"\x00\x00\x00\x01\x02"), CONTROL)
    pair.publisher.send_video(0, idr(), is_key=True)
    assert len(pair.run().units) == 1


@pytest.mark.parametrize(
    ("name", "transaction", "answers"),
    [
        ("_checkbw", 8.0, ["_result"]),
        ("getStreamLength", 8.0, ["_result"]),
        ("releaseStream", 8.0, ["_result"]),
        ("releaseStream", 0.0, []),
        ("FCSubscribe", 8.0, ["_error"]),
        ("FCSubscribe", 0.0, []),
        ("_result", 8.0, []),
        ("_error", 8.0, []),
        ("play", 8.0, ["onStatus"]),
        ("pause", 8.0, ["onStatus"]),
        ("seek", 8.0, ["onStatus"]),
        ("connect", 8.0, ["_error"]),
    ],
)
def test_command_on_air_is_answered_and_the_stream_goes_on(name: str, transaction: float, answers: list[str]) -> None:
    """Known commands get their answer, unknown ones an _error if they ask for one, and nothing breaks."""
    pair = published()
    pair.publisher.commands.clear()
    pair.publisher.send_command(name, transaction, None, "key")
    pair.publisher.send_video(0, idr(), is_key=True)
    pair.run()
    assert [command.name for command in pair.publisher.commands] == answers
    assert all(command.transaction in {transaction, 0.0} for command in pair.publisher.commands)
    assert len(pair.units) == 1


def test_enhanced_connect_is_answered_with_what_we_can() -> None:
    """Who offers FourCCs hears ours: avc1 and mp4a, and no reconnect or multitrack; who does not hears nothing."""
    plain = Pair().run().publisher.commands[0]
    assert isinstance(plain.arguments[0], dict)
    assert "fourCcList" not in plain.arguments[0]
    pair = Pair(Publisher(connect={"fourCcList": ["hvc1", "avc1"], "capsEx": 15.0, "objectEncoding": 3.0})).run()
    info = pair.publisher.commands[0].arguments[0]
    assert isinstance(info, dict)
    assert info["fourCcList"] == ["avc1", "mp4a"]
    assert info["capsEx"] == 4.0
    assert info["videoFourCcInfoMap"] == {"avc1": 4.0}
    assert info["objectEncoding"] == 3.0


def test_connect_members_in_other_letters_are_found() -> None:
    """A tcurl that is spelled otherwise is still the tcUrl."""
    pair = Pair(Publisher("", "", connect={"tcUrl": None, "TCURL": "rtmp://host/live/KEY"})).run()
    assert "KEY" in pair.of(PublishRequested)[0].candidates


def test_command_before_connect_ends_the_connection() -> None:
    """Nothing is done for who has not said where to."""
    pair = Pair()
    pair.session.receive_data(bytes(1537 + 1536), 0.0)
    pair.session.receive_data(Publisher().writer.write(COMMAND, messages.command("createStream", 1.0, None)), 0.0)
    pair.drain()
    assert pair.closed == Closed("createStream before connect", "peer", clean=False)
