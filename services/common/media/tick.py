"""Ticks on the CMAF log: how one tick becomes one message, or several if it is too large. Pure.

    message: magic u8 | version u8 | index u16 | count u16 | 0 u16 | epoch u64 | previous u64 | head length u32
             | head | bytes

`previous` is the stream sequence of the subject's message before this one (0: none), so that a reader can walk back.
Only the message with index 0 has a head (`headwater.internal.v1.Tick`); the parts' bytes follow it and go on in the
messages 1 … count-1. A tick exists when its last message is in the log; what a dead writer left unfinished is void as
soon as a message with index 0 comes after it.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.internal.v1.cmaf_pb2 import Tick

MAGIC = 0x48
VERSION = 1
_FRAME = struct.Struct(">BBHHxxQQI")


class TickError(ValueError):
    """The bytes are no tick message."""


@dataclass(frozen=True, slots=True)
class LoggedTick:
    """A whole tick as the log has it."""

    first_sequence: int
    """Stream sequence of its first message: the one with state, where there is state."""
    last_sequence: int
    """Stream sequence of its last message: what the next writer must expect."""
    head: Tick
    data: bytes
    """The parts' bytes, joined."""

    def part_bytes(self, index: int) -> bytes:
        """The bytes of the `index`-th part of the head."""
        start = sum(part.length for part in self.head.parts[:index])
        return self.data[start : start + self.head.parts[index].length]


class EncodedTick:
    """One tick, cut into messages of at most `max_payload` bytes.

    They are written one after the other, because each names the stream sequence of the one before.
    """

    def __init__(self, head: Tick, parts: Sequence[bytes], *, max_payload: int) -> None:
        raw = head.SerializeToString()
        self._epoch = head.epoch
        self._head_length = len(raw)
        room = max_payload - _FRAME.size
        if len(raw) + sum(map(len, parts)) <= room:
            self._bodies: list[tuple[bytes, ...]] = [(raw, *parts)]
        else:
            whole = raw + b"".join(parts)
            self._bodies = [(whole[cut : cut + room],) for cut in range(0, len(whole), room)]

    @property
    def count(self) -> int:
        """How many messages the tick takes."""
        return len(self._bodies)

    def message(self, index: int, *, previous: int) -> bytes:
        """Message `index`, to be written right after the subject's message with stream sequence `previous`."""
        return b"".join(self.pieces(index, previous=previous))

    def pieces(self, index: int, *, previous: int) -> tuple[bytes, ...]:
        """The same as it lies in memory."""
        head_length = 0 if index else self._head_length
        frame = _FRAME.pack(MAGIC, VERSION, index, self.count, self._epoch, previous, head_length)
        return (frame, *self._bodies[index])


@dataclass(frozen=True, slots=True)
class Frame:
    """The head of any message of a tick."""

    index: int
    count: int
    epoch: int
    previous: int
    head_length: int

    @property
    def completes_tick(self) -> bool:
        """True for the message that makes its tick exist."""
        return self.index + 1 == self.count


class TickAssembler:
    """Feeds on a subject's messages in order and gives whole ticks."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._first_sequence = 0
        self._head_length = 0
        self._epoch = 0

    @property
    def is_inside_tick(self) -> bool:
        """True while messages of an unfinished tick have been read."""
        return bool(self._pieces)

    def feed(self, sequence: int, message: bytes) -> LoggedTick | None:
        """Take one message; the tick that it completes, if it does. TickError if the bytes are none."""
        frame = decode_frame(message)
        body = message[_FRAME.size :]
        if frame.index == 0:
            self._pieces, self._first_sequence = [body], sequence
            self._head_length, self._epoch = frame.head_length, frame.epoch
        elif frame.index == len(self._pieces) and frame.epoch == self._epoch:
            self._pieces.append(body)
        else:
            self._pieces = []
            return None
        if len(self._pieces) < frame.count:
            return None
        return self._finish(sequence)

    def _finish(self, sequence: int) -> LoggedTick:
        whole = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces = []
        if self._head_length > len(whole):
            raise TickError("a tick's head is longer than the tick")
        head = Tick.FromString(whole[: self._head_length])
        return LoggedTick(self._first_sequence, sequence, head, whole[self._head_length :])


def decode_head(message: bytes) -> Tick | None:
    """The head, from the one message of its tick that has it; None for another. TickError if it is none."""
    frame = decode_frame(message)
    if frame.index or frame.head_length > len(message) - _FRAME.size:
        return None
    return Tick.FromString(message[_FRAME.size : _FRAME.size + frame.head_length])


def decode_frame(message: bytes) -> Frame:
    """The head of a message. TickError if it is none."""
    if len(message) < _FRAME.size:
        raise TickError(f"a tick message has at least {_FRAME.size} bytes, this has {len(message)}")
    magic, version, index, count, epoch, previous, head_length = _FRAME.unpack_from(message)
    if magic != MAGIC or version != VERSION:
        raise TickError(f"no tick message of version {VERSION}: it begins with {message[:2].hex()}")
    return Frame(index, count, epoch, previous, head_length)
