"""Chunks to messages (RTMP 1.0, 5.3): the hottest loop of ingest.

Bytes are copied once into a message that spans chunks and not at all into one that does not; a message's payload is
a view, so its reader decides what to keep. Set Chunk Size and Abort are obeyed here, since they change how the very
next byte is read.
"""

from services.ingest.rtmp.errors import ProtocolError
from services.ingest.rtmp.limits import DEFAULT_LIMITS, Limits
from services.ingest.rtmp.messages import Message, MessageType, read_u32

FIRST_CHUNK_SIZE = 128
"""Until Set Chunk Size says otherwise (5.4.1)."""
MAX_CHUNK_SIZE = 0xFFFFFF
"""No message is longer, so no chunk can be (5.4.1)."""
EXTENDED = 0xFFFFFF
"""The timestamp field's value that announces four bytes more (5.3.1.3)."""
PLAUSIBLE_DELTA_MS = 1000

_LONG_CSID = 64
_HEADER_SIZES = (11, 7, 3, 0)
_SET_CHUNK_SIZE, _ABORT = int(MessageType.SET_CHUNK_SIZE), int(MessageType.ABORT)
_U32_MASK = 0xFFFFFFFF


class _ChunkStream:
    """What the last header of a chunk stream said, and the message it is in the middle of."""

    __slots__ = (
        "body",
        "delta",
        "field",
        "go_on",
        "is_extended",
        "is_open",
        "length",
        "stream_id",
        "timestamp",
        "type_id",
    )

    def __init__(self, csid: int) -> None:
        self.go_on = 0xC0 | csid if csid < _LONG_CSID else None
        """The byte that its headers of type 3 consist of; None if they are longer."""
        self.timestamp = 0
        self.delta = 0
        self.field = 0
        self.is_extended = False
        self.length = 0
        self.type_id = 0
        self.stream_id = 0
        self.is_open = False
        self.body = bytearray()


class ChunkReader:
    """Feed it bytes, take messages until None. Raises ProtocolError, after which it is of no more use."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.message_limit = limits.message_bytes
        self.chunk_size = FIRST_CHUNK_SIZE
        self.abandoned = 0
        """Messages that were begun and never finished, because another began in their place."""
        self._limits = limits
        self._streams: dict[int, _ChunkStream] = {}
        self._data = b""
        self._view = memoryview(b"")
        self._at = 0
        self._current: _ChunkStream | None = None
        self._chunk_left = 0
        self._assembling = 0

    def receive_data(self, data: bytes) -> None:
        """Take bytes. What was not yet read stays in front of them."""
        if self._at < len(self._data):
            data = self._data[self._at :] + data
        self._data = data
        self._view = memoryview(data)
        self._at = 0

    @property
    def waiting(self) -> int:
        """Bytes received and not yet read."""
        return len(self._data) - self._at

    def next_message(self) -> Message | None:
        """The next whole message, or None until more bytes come."""
        while self._current is not None or self._read_header():
            message = self._read_payload()
            if message is None:
                if self._current is not None:
                    break
            elif message.type_id > _ABORT:
                return message
            elif message.type_id == _SET_CHUNK_SIZE:
                self._set_chunk_size(read_u32(message))
            elif message.type_id == _ABORT:
                self._abort(read_u32(message))
        if self._at == len(self._data):
            self._data = b""  # or an idle connection would keep its last receive buffer
            self._view = memoryview(b"")
            self._at = 0
        return None

    def _read_header(self) -> bool:
        """One chunk's header (5.3.1), or False until all of it is there."""
        data, at = self._data, self._at
        have = len(data) - at
        if have < 1:
            return False
        first = data[at]
        fmt, csid = first >> 6, first & 63
        if csid < 2:
            size = 2 + csid
            if have < size:
                return False
            csid = 64 + data[at + 1] + (data[at + 2] << 8 if csid else 0)
        else:
            size = 1
        stream = self._streams.get(csid)
        if have < size + _HEADER_SIZES[fmt]:
            return False
        if fmt == 3:
            return self._go_on(stream, csid, at + size)
        field = data[at + size] << 16 | data[at + size + 1] << 8 | data[at + size + 2]
        end = at + size + _HEADER_SIZES[fmt]
        is_extended = field == EXTENDED
        if is_extended:
            if len(data) < end + 4:
                return False
            field = int.from_bytes(data[end : end + 4], "big")
            end += 4
        if stream is None:
            stream = self._open(csid, fmt)
        stream.field, stream.is_extended = field, is_extended
        self._take_header(stream, fmt, at + size)
        self._begin(stream)
        self._at = end
        return True

    def _open(self, csid: int, fmt: int) -> _ChunkStream:
        """A chunk stream's first header. librtmp opens its pings with fmt 1 (0x42), which is taken as from zero."""
        if fmt >= 2:
            raise ProtocolError(f"chunk stream {csid} begins with a header of type {fmt}")
        if len(self._streams) >= self._limits.chunk_streams:
            raise ProtocolError(f"more than {self._limits.chunk_streams} chunk streams")
        stream = self._streams[csid] = _ChunkStream(csid)
        return stream

    def _take_header(self, stream: _ChunkStream, fmt: int, at: int) -> None:
        data, field = self._data, stream.field
        if fmt == 0:
            stream.timestamp = field
            # 5.3.1.2.4: a type 3 chunk behind this one repeats the timestamp as its delta. Some senders mean 0, so
            # a timestamp that is absurd as a delta is not taken for one.
            stream.delta = field if field <= PLAUSIBLE_DELTA_MS else 0
            stream.stream_id = int.from_bytes(data[at + 7 : at + 11], "little")
        else:
            stream.delta = field
            stream.timestamp = (stream.timestamp + field) & _U32_MASK
        if fmt < 2:
            stream.length = data[at + 3] << 16 | data[at + 4] << 8 | data[at + 5]
            stream.type_id = data[at + 6]

    def _go_on(self, stream: _ChunkStream | None, csid: int, at: int) -> bool:
        """A header of type 3: the rest of the message, or a new one with the last delta (5.3.1.2.4)."""
        if stream is None:
            raise ProtocolError(f"chunk stream {csid} begins with a header of type 3")
        if stream.is_extended:
            end = self._skip_extended(stream, at)
            if end is None:
                return False
            at = end
        if stream.is_open:
            self._current = stream
            self._chunk_left = min(self.chunk_size, stream.length - len(stream.body))
        else:
            stream.timestamp = (stream.timestamp + stream.delta) & _U32_MASK
            self._begin(stream)
        self._at = at
        return True

    def _skip_extended(self, stream: _ChunkStream, at: int) -> int | None:
        """Where the payload begins, or None until that can be told.

        5.3.1.3 repeats the extended timestamp in type 3 chunks; some senders leave it out, some repeat the absolute
        time where a delta was. Four bytes that say neither are payload.
        """
        found = self._data[at : at + 4]
        repeats = (stream.field.to_bytes(4, "big"), stream.timestamp.to_bytes(4, "big"))
        if len(found) == 4:
            return at + 4 if found in repeats else at
        return None if any(repeat.startswith(found) for repeat in repeats) else at

    def _begin(self, stream: _ChunkStream) -> None:
        if stream.is_open:
            self._drop(stream)
        if stream.length > self.message_limit:
            raise ProtocolError(f"message of {stream.length} bytes, more than {self.message_limit}")
        stream.is_open = True
        self._current = stream
        self._chunk_left = min(self.chunk_size, stream.length)

    def _read_payload(self) -> Message | None:
        """What is there of the current chunk; a message if that ends it."""
        stream = self._current
        if stream is None:
            return None
        at, left = self._at, self._chunk_left
        if left == stream.length and at + left <= len(self._data):  # the usual case, kept free of calls
            self._at = end = at + left
            stream.is_open = False
            self._current = None
            return Message(stream.type_id, stream.stream_id, stream.timestamp, self._view[at:end])
        self._gather(stream)
        if len(stream.body) == stream.length:
            body, stream.body = stream.body, bytearray()
            self._assembling -= len(body)
            stream.is_open = False
            self._current = None
            return Message(stream.type_id, stream.stream_id, stream.timestamp, memoryview(body))
        if not self._chunk_left:
            self._current = None
        return None

    def _gather(self, stream: _ChunkStream) -> None:
        """Take what is there of the current chunk, and of those that plainly go on with its message."""
        data, at, left = self._data, self._at, self._chunk_left
        while True:
            end = min(at + left, len(data))
            stream.body += self._view[at:end]
            self._assembling += end - at
            if self._assembling > self._limits.assembling_bytes:
                raise ProtocolError(f"more than {self._limits.assembling_bytes} bytes of unfinished messages")
            left -= end - at
            missing = stream.length - len(stream.body)
            if left or not missing or end == len(data) or data[end] != stream.go_on or stream.is_extended:
                break
            at, left = end + 1, min(self.chunk_size, missing)
        self._at, self._chunk_left = end, left

    def _set_chunk_size(self, size: int) -> None:
        if not 1 <= size <= 0x7FFFFFFF:
            raise ProtocolError(f"chunk size {size}")
        self.chunk_size = min(size, MAX_CHUNK_SIZE)

    def _abort(self, csid: int) -> None:
        stream = self._streams.get(csid)
        if stream is not None and stream.is_open:
            self._drop(stream)

    def _drop(self, stream: _ChunkStream) -> None:
        self._assembling -= len(stream.body)
        stream.body = bytearray()
        stream.is_open = False
        self.abandoned += 1
