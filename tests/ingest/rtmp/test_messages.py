"""services.ingest.rtmp.messages"""

import pytest

from services.ingest.rtmp import amf0, messages
from services.ingest.rtmp.errors import ProtocolError
from services.ingest.rtmp.limits import Limits
from services.ingest.rtmp.messages import Message, MessageType

LIMITS = Limits()


def tag(kind: int, stamp: int, body: bytes) -> bytes:
    """An FLV tag with its back pointer, as aggregates hold them."""
    head = bytes((kind,)) + len(body).to_bytes(3, "big") + (stamp & 0xFFFFFF).to_bytes(3, "big")
    return head + bytes((stamp >> 24,)) + bytes(3) + body + (11 + len(body)).to_bytes(4, "big")


def test_acknowledgement_wraps_at_32_bits() -> None:
    """A count of 2^32 + 5 bytes is acknowledged as 5."""
    assert messages.acknowledgement(2**32 + 5).payload == b"\x00\x00\x00\x05"


@pytest.mark.parametrize("kind", [MessageType.COMMAND, MessageType.COMMAND_AMF3])
def test_command_reads_alike_in_both_encodings(kind: MessageType) -> None:
    """An AMF3 command is AMF0 behind a zero byte (7.1.1)."""
    body = amf0.render("publish", 5.0, None, "key", "live")
    lead = b"\x00" if kind == MessageType.COMMAND_AMF3 else b""
    command = messages.read_command(Message(kind, 1, 0, lead + body), LIMITS)
    assert (command.name, command.transaction, command.target) == ("publish", 5.0, {})
    assert command.arguments == ["key", "live"]


@pytest.mark.parametrize("body", [b"", amf0.render(1.0), amf0.render(None, 1.0)])
def test_command_without_a_name_is_refused(body: bytes) -> None:
    """What has no name cannot be answered."""
    with pytest.raises(ProtocolError, match="no name"):
        messages.read_command(Message(MessageType.COMMAND, 0, 0, body), LIMITS)


def test_command_with_odd_transaction_asks_for_no_answer() -> None:
    """A transaction id that is missing or no number counts as zero."""
    for body in (amf0.render("ping"), amf0.render("ping", "x")):
        assert messages.read_command(Message(MessageType.COMMAND, 0, 0, body), LIMITS).transaction == 0.0


def test_command_too_large_is_refused() -> None:
    """A command is bounded by itself, before it is parsed."""
    body = amf0.render("x" * 70_000)
    with pytest.raises(ProtocolError, match="70005 bytes"):
        messages.read_command(Message(MessageType.COMMAND, 0, 0, body), LIMITS)


@pytest.mark.parametrize(
    ("values", "metadata"),
    [
        (("@setDataFrame", "onMetaData", {"width": 1.0}), {"width": 1.0}),
        (("onMetaData", amf0.EcmaArray({"width": 2.0})), {"width": 2.0}),
        (("onMetaData", "x"), None),
        (("onMetaData",), None),
        (("onTextData", {"text": "hello"}), None),
        (("@setDataFrame",), None),
        ((), None),
    ],
)
def test_metadata_is_found_in_each_wrapping(values: tuple[amf0.Value, ...], metadata: object) -> None:
    """OnMetaData counts bare and in @setDataFrame, as object and as array; the rest is not metadata."""
    message = Message(MessageType.DATA, 1, 0, amf0.render(*values))
    assert messages.read_metadata(message, LIMITS) == metadata


def test_aggregate_is_unpacked_with_its_timestamps_moved() -> None:
    """The first inner message has the aggregate's timestamp, the others their distance to it (7.1.6)."""
    body = tag(9, 0x1000010, b"video") + tag(8, 0x1000030, b"audio")
    inner = list(messages.split_aggregate(Message(MessageType.AGGREGATE, 1, 500, body)))
    assert [(m.type_id, m.stream_id, m.timestamp, bytes(m.payload)) for m in inner] == [
        (9, 1, 500, b"video"),
        (8, 1, 532, b"audio"),
    ]


def test_aggregate_cut_short_is_refused() -> None:
    """A tag that says more than there is ends the reading."""
    with pytest.raises(ProtocolError, match="cut short"):
        list(messages.split_aggregate(Message(MessageType.AGGREGATE, 1, 0, tag(9, 0, b"video")[:14])))
