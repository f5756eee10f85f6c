"""services.ingest.rtmp.limits, as the session holds them"""

import tracemalloc

import pytest

from services.ingest.rtmp import messages
from services.ingest.rtmp.events import Warned
from services.ingest.rtmp.limits import Limits
from services.ingest.rtmp.messages import Message, MessageType
from services.ingest.rtmp.session import Session
from tests.clients.rtmp_client import COMMAND, Publisher
from tests.ingest.rtmp.pair import Pair
from tests.ingest.rtmp.samples import AVC_RECORD, idr

READ_SIZE = 64 * 1024
"""What the shell hands over at a time."""


@pytest.mark.parametrize(
    ("received", "due", "reason", "fault"),
    [
        (0, 20.0, "the handshake took too long", "peer"),
        (1537, 20.0, "the handshake took too long", "peer"),
        (1537 + 1536, 20.0, "no connect command came", "peer"),
    ],
)
def test_silent_stranger_is_closed(received: int, due: float, reason: str, fault: str) -> None:
    """Each step has its deadline from the moment the last one ended, and early timers do nothing."""
    session = Session(Limits(), now=100.0)
    session.receive_data(bytes(received), 100.0)
    assert session.timeout_at == 100.0 + due
    session.handle_timer(100.0 + due - 0.1)
    assert session.next_event() is None
    session.handle_timer(100.0 + due)
    closed = session.next_event()
    assert closed is not None
    assert (closed.reason, closed.fault) == (reason, fault)  # type: ignore[union-attr]  # of Closed


def test_slow_handshake_gains_no_time() -> None:
    """One byte a second does not move the deadline."""
    session = Session(Limits(), now=0.0)
    for second in range(20):
        session.receive_data(b"\x03", float(second))
    assert session.timeout_at == 20.0


def test_undecided_request_is_our_own_fault() -> None:
    """An answer that never comes ends the connection as local, and the encoder is told."""
    pair = Pair(answer=lambda *_: None).run()
    pair.session.handle_timer(15.0)
    pair.publisher.receive_data(pair.session.data_to_send())
    pair.drain()
    assert pair.publisher.statuses[-1]["level"] == "error"
    assert pair.closed is not None
    assert pair.closed.fault == "local"


def test_publisher_without_units_is_closed_and_told_what_was_wrong() -> None:
    """Pings and refused codecs are no media: after 30 s the reason names them."""
    pair = Pair().run()
    pair.publisher.send(Message(MessageType.VIDEO, 1, 0, b"\x90hvc1record"))
    pair.now = 29.0
    pair.run()
    pair.session.handle_timer(30.0)
    pair.drain()
    assert pair.closed is not None
    assert "hvc1 video is not supported" in pair.closed.reason


def test_publisher_that_falls_silent_is_closed_after_its_last_unit() -> None:
    """The idle clock runs from the last unit, not from the last byte."""
    pair = Pair().run()
    pair.now = 5.0
    pair.publisher.send_video_config(0, AVC_RECORD)
    pair.publisher.send_video(0, idr(), is_key=True)
    pair.run()
    pair.now = 14.0
    pair.publisher.send_command("_checkbw", 9.0, None)
    pair.run()
    assert pair.session.timeout_at == 15.0


def test_stranger_bytes_are_bounded() -> None:
    """Whatever it is made of, more than 64 KB before publish ends the connection."""
    pair = Pair(Publisher(), answer=lambda *_: None)
    pair.session.receive_data(bytes(1537 + 1536), 0.0)
    ping = Publisher().writer.write(2, Message(4, 0, 0, b"\x00\x07\x00\x00\x00\x01"))
    for _ in range(READ_SIZE // len(ping)):
        pair.session.receive_data(ping, 0.0)
    pair.drain()
    assert pair.closed is not None
    assert "before publish" in pair.closed.reason


def test_stranger_message_is_bounded_by_what_it_announces() -> None:
    """17 KB announced before publish are refused at the header."""
    pair = Pair()
    pair.session.receive_data(bytes(1537 + 1536) + b"\x03\x00\x00\x00\x00\x44\x00\x14\x00\x00\x00\x00", 0.0)
    pair.drain()
    assert pair.closed is not None
    assert "message of 17408 bytes" in pair.closed.reason


def test_media_while_undecided_is_bounded() -> None:
    """What comes between publish and its answer is held to 64 KB."""
    pair = Pair(answer=lambda *_: None).run()
    pair.session.receive_data(bytes(READ_SIZE), 0.0)
    assert pair.session.next_event() is None
    pair.session.receive_data(bytes(1), 0.0)
    pair.drain()
    assert pair.closed is not None
    assert "before publish was answered" in pair.closed.reason


def test_streams_and_answers_are_bounded() -> None:
    """Neither createStream nor pings whose answers are never read grow without end."""
    pair = Pair().run()
    for _ in range(10):
        pair.publisher.send_command("createStream", 9.0, None)
    pair.run()
    assert pair.closed is not None
    assert "streams created" in pair.closed.reason
    pair = Pair().run()
    ping = Publisher().writer.write(2, Message(4, 0, 0, b"\x00\x06\x00\x00\x00\x01"))
    for _ in range(200):
        pair.session.receive_data(ping * 100, 0.0)
    pair.drain()
    assert pair.closed is not None
    assert "does not read" in pair.closed.reason


def test_warnings_are_bounded() -> None:
    """A thousand kinds of nonsense are sixteen warnings."""
    pair = Pair().run()
    for n in range(1000):
        pair.publisher.send(Message(MessageType.AUDIO, 1, 0, b"\x90%04d" % n))
    assert len(pair.run().of(Warned)) == 16


def _stranger(kind: str) -> Session:
    """A session that a stranger has made as large as it can."""
    session = Session(Limits(), now=0.0)
    if kind == "silent":
        session.receive_data(bytes(3072), 0.0)
        return session
    session.receive_data(bytes(1537 + 1536), 0.0)
    if kind == "chunk streams":
        for csid in range(50):
            head = b"\x00" + bytes((csid,)) + bytes(3) + (1200).to_bytes(3, "big") + b"\x14" + bytes(4)
            session.receive_data(head + bytes(128) + (b"\xc0" + bytes((csid,)) + bytes(128)) * 8, 0.0)
    if kind == "values":
        body = (
            b"\x02\x00\x07connect\x00"
            + bytes(8)
            + b"\x03"
            + b"".join(b"\x00\x02%02d\x03\x00\x00\x09" % n for n in range(99))
        )
        session.receive_data(Publisher().writer.write(COMMAND, Message(20, 0, 0, body + b"\x00\x00\x09")), 0.0)
    if kind == "undecided":
        writer = Publisher().writer
        for name, values in (("connect", ({"app": "live"},)), ("publish", (None, "key"))):
            session.receive_data(writer.write(COMMAND, messages.command(name, 1.0, *values)), 0.0)
        session.receive_data(bytes(READ_SIZE), 0.0)
    session.data_to_send()
    return session


@pytest.mark.parametrize("kind", ["silent", "chunk streams", "values", "undecided"])
def test_stranger_holds_less_than_100_kb(kind: str) -> None:
    """Twenty strangers of the worst kind cost less than 2 MB together (MediaMTX: 200 MB)."""
    _stranger(kind)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    strangers = [_stranger(kind) for _ in range(20)]
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert all(stranger.timeout_at is not None for stranger in strangers)
    assert (after - before) / len(strangers) < 100 * 1024
