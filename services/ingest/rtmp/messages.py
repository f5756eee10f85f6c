"""RTMP messages (RTMP 1.0, 5.4, 6 and 7): what one is, how the server's are made and the peer's are read."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from services.ingest.rtmp import amf0
from services.ingest.rtmp.amf0 import Value
from services.ingest.rtmp.errors import ProtocolError
from services.ingest.rtmp.limits import Limits

Payload = bytes | memoryview


class MessageType(IntEnum):
    """Message type ids (5.4, 7.1)."""

    SET_CHUNK_SIZE = 1
    ABORT = 2
    ACKNOWLEDGEMENT = 3
    USER_CONTROL = 4
    WINDOW_ACK_SIZE = 5
    SET_PEER_BANDWIDTH = 6
    AUDIO = 8
    VIDEO = 9
    DATA_AMF3 = 15
    COMMAND_AMF3 = 17
    DATA = 18
    COMMAND = 20
    AGGREGATE = 22


class UserControl(IntEnum):
    """User control events we send or answer (7.1.7)."""

    STREAM_BEGIN = 0
    PING_REQUEST = 6
    PING_RESPONSE = 7


@dataclass(slots=True)
class Message:
    """One message. A payload read from the wire is a view of the receive buffer: copy what is to live on."""

    type_id: int
    stream_id: int
    timestamp: int
    """Milliseconds, 32 bits as on the wire."""
    payload: Payload


@dataclass(frozen=True, slots=True)
class Command:
    """A command message: name, transaction id, command object, arguments (7.1.1)."""

    name: str
    transaction: float
    target: dict[str, Value]
    """The command object; empty where the peer sent null."""
    arguments: list[Value]
    stream_id: int


_U32 = struct.Struct(">I")
_TAG_HEADER_SIZE, _BACK_POINTER_SIZE = 11, 4


def set_chunk_size(size: int) -> Message:
    return Message(MessageType.SET_CHUNK_SIZE, 0, 0, _U32.pack(size))


def acknowledgement(received: int) -> Message:
    """5.4.3; the count wraps at 32 bits, as all peers take it to."""
    return Message(MessageType.ACKNOWLEDGEMENT, 0, 0, _U32.pack(received & 0xFFFFFFFF))


def window_ack_size(size: int) -> Message:
    return Message(MessageType.WINDOW_ACK_SIZE, 0, 0, _U32.pack(size))


def set_peer_bandwidth(size: int) -> Message:
    """5.4.5, with the limit type "dynamic", which every server uses."""
    return Message(MessageType.SET_PEER_BANDWIDTH, 0, 0, _U32.pack(size) + b"\x02")


def user_control(event: UserControl, value: int) -> Message:
    return Message(MessageType.USER_CONTROL, 0, 0, struct.pack(">HI", event, value & 0xFFFFFFFF))


def command(name: str, transaction: float, *values: Value, stream_id: int = 0) -> Message:
    return Message(MessageType.COMMAND, stream_id, 0, amf0.render(name, transaction, *values))


def read_u32(message: Message) -> int:
    """The number that most control messages consist of."""
    if len(message.payload) < _U32.size:
        raise ProtocolError(f"control message of type {message.type_id} is cut short")
    return int(_U32.unpack_from(message.payload)[0])


def read_user_control(message: Message) -> tuple[int, int] | None:
    """The event's type and its first number; None for an event that has none, which no answer depends on."""
    if len(message.payload) < struct.calcsize(">HI"):
        return None
    event, value = struct.unpack_from(">HI", message.payload)
    return event, value


def _read_values(message: Message, limits: Limits) -> list[Value]:
    """The AMF0 values of a command or data message. The AMF3 kinds are AMF0 behind a zero byte (7.1.1, 7.1.2)."""
    if len(message.payload) > limits.command_bytes:
        raise ProtocolError(f"command or data message of {len(message.payload)} bytes")
    body = bytes(message.payload)
    is_amf3 = message.type_id in {MessageType.COMMAND_AMF3, MessageType.DATA_AMF3}
    if is_amf3 and body[:1] == b"\x00":
        body = body[1:]
    return amf0.parse(body, limits)


def read_command(message: Message, limits: Limits) -> Command:
    """ProtocolError if it has no name; a missing transaction id counts as 0, which asks for no answer."""
    values = _read_values(message, limits)
    if not values or not isinstance(values[0], str):
        raise ProtocolError("a command message has no name")
    transaction = values[1] if len(values) > 1 else 0.0
    target = values[2] if len(values) > 2 else None
    return Command(
        name=values[0],
        transaction=transaction if isinstance(transaction, float) else 0.0,
        target=target if isinstance(target, dict) else {},
        arguments=values[3:],
        stream_id=message.stream_id,
    )


def read_metadata(message: Message, limits: Limits) -> dict[str, Value] | None:
    """The values of onMetaData, bare or inside @setDataFrame; None for any other data message."""
    values = _read_values(message, limits)
    if values and values[0] == "@setDataFrame":
        values = values[1:]
    if len(values) < 2 or values[0] != "onMetaData":
        return None
    return values[1] if isinstance(values[1], dict) else None


def split_aggregate(message: Message) -> Iterator[Message]:
    """The messages inside an aggregate (7.1.6): FLV tags, their timestamps moved so that the first has its."""
    body = memoryview(message.payload)
    at = 0
    shift: int | None = None
    while at + _TAG_HEADER_SIZE <= len(body):
        size = int.from_bytes(body[at + 1 : at + 4], "big")
        start = at + _TAG_HEADER_SIZE
        if start + size > len(body):
            raise ProtocolError("an aggregate message is cut short")
        stamp = body[at + 7] << 24 | int.from_bytes(body[at + 4 : at + 7], "big")
        if shift is None:
            shift = message.timestamp - stamp
        timestamp = (stamp + shift) & 0xFFFFFFFF
        yield Message(body[at] & 0x1F, message.stream_id, timestamp, body[start : start + size])
        at = start + size + _BACK_POINTER_SIZE
