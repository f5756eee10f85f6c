"""Messages to chunks (RTMP 1.0, 5.3), with the shortest headers the last message of the chunk stream allows."""

from dataclasses import dataclass

from services.ingest.rtmp.chunk_reader import EXTENDED, FIRST_CHUNK_SIZE
from services.ingest.rtmp.messages import Message, MessageType, read_u32

_U32_MASK = 0xFFFFFFFF
_MAX_DELTA = 0x7FFFFFFF
"""A larger step is one back in time, which needs a full header (5.3.1.2.1)."""


@dataclass(slots=True)
class _Last:
    timestamp: int
    delta: int | None
    """None behind a full header: whether its timestamp is then the delta is disputed, so we never rely on it."""
    length: int
    type_id: int
    stream_id: int


class ChunkWriter:
    """One direction of a connection."""

    def __init__(self, *, shortens: bool = True) -> None:
        """Without shortens every header is a full one, which no peer can misread: for a server's few messages."""
        self._shortens = shortens
        self.chunk_size = FIRST_CHUNK_SIZE
        """Follows the Set Chunk Size messages written."""
        self._last: dict[int, _Last] = {}

    def write(self, csid: int, message: Message) -> bytes:
        """The message on the chunk stream csid (2 to 65,599), chunked."""
        stamp = message.timestamp & _U32_MASK
        fmt, field = self._choose(csid, message, stamp)
        extended = field.to_bytes(4, "big") if field >= EXTENDED else b""
        payload = message.payload
        header = _basic(fmt, csid) + _message_header(fmt, field, message) + extended
        go_on = _basic(3, csid) + extended
        size = self.chunk_size
        parts = [header, payload[:size]]
        for at in range(size, len(payload), size):
            parts += (go_on, payload[at : at + size])
        delta = field if fmt in {1, 2} else None
        if fmt == 3:
            delta = self._last[csid].delta
        self._last[csid] = _Last(stamp, delta, len(payload), message.type_id, message.stream_id)
        if message.type_id == MessageType.SET_CHUNK_SIZE:
            self.chunk_size = read_u32(message)
        return b"".join(parts)

    def _choose(self, csid: int, message: Message, stamp: int) -> tuple[int, int]:
        """The header's type and its timestamp field, before that is capped."""
        last = self._last.get(csid)
        if last is None or not self._shortens or last.stream_id != message.stream_id:
            return 0, stamp
        delta = (stamp - last.timestamp) & _U32_MASK
        if delta > _MAX_DELTA:
            return 0, stamp
        if (last.length, last.type_id) != (len(message.payload), message.type_id):
            return 1, delta
        return (3 if delta == last.delta else 2), delta


def _basic(fmt: int, csid: int) -> bytes:
    if csid < 64:
        return bytes((fmt << 6 | csid,))
    if csid < 320:
        return bytes((fmt << 6, csid - 64))
    return bytes((fmt << 6 | 1, (csid - 64) & 0xFF, (csid - 64) >> 8))


def _message_header(fmt: int, field: int, message: Message) -> bytes:
    header = b"" if fmt == 3 else min(field, EXTENDED).to_bytes(3, "big")
    if fmt < 2:
        header += len(message.payload).to_bytes(3, "big") + bytes((message.type_id,))
    if fmt == 0:
        header += message.stream_id.to_bytes(4, "little")
    return header
