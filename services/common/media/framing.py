"""Units on the media log: what one message carries, in bytes. Pure.

A message is a fixed head and then entries in the order in which ingest accepted them:

    head:  version u8 | kind u8 | count u16 | held_ms u32 | connection u64 | n u64            (24 bytes, big endian)
    entry: track u8 | flags u8 | codec u8 | 0 u8 | length u32 | dts i64 | cts i32 | bytes      (20 bytes and payload)

An access unit above the message's target size is cut: each piece but the last has MORE set and only the first has
times. Configs are repeated before each key frame, so a reader may begin at any of them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple

from services.common.media.unit import Codec, Config, Track, Unit

VERSION = 1
_HEAD = struct.Struct(">BBHIQQ")
_ENTRY = struct.Struct(">BBBxIqi")
HEAD_BYTES = _HEAD.size
ENTRY_BYTES = _ENTRY.size


class Kind(IntEnum):
    """What a message is."""

    UNITS = 1
    CLOSED = 2
    """The connection is over; the payload after the head is its reason in UTF-8, prefixed by b'+' if it was clean."""


class Flag(IntFlag):
    """Marks of one entry."""

    KEY = 1
    CONFIG = 2
    MORE = 4


_TRACKS = tuple(Track)
_KEY, _MORE = int(Flag.KEY), int(Flag.MORE)
"""As numbers: enums cost a call each, and every unit of every encoder is written with them."""


class FramingError(ValueError):
    """The bytes are no media message: a foreign writer, or a newer version."""


@dataclass(frozen=True, slots=True)
class Head:
    """Which message this is: `n` counts 1, 2, 3 … within `connection`."""

    connection: int
    n: int
    kind: Kind
    count: int
    held_ms: int
    """How long ingest held the oldest unit of this message before it could write it."""


class Piece(NamedTuple):
    """An entry of a message: a whole unit or config, or a piece of a unit."""

    track: Track
    flags: int
    """Bits of `Flag`."""
    codec: int
    dts: int
    cts: int
    payload: bytes

    @property
    def config(self) -> Config:
        """The entry as a config; only if flagged CONFIG. ValueError for a codec we do not know."""
        return Config(self.track, Codec(self.codec), self.payload)


def encode_head(head: Head) -> bytes:
    return _HEAD.pack(VERSION, head.kind, head.count, min(head.held_ms, 0xFFFFFFFF), head.connection, head.n)


def encode_config(config: Config) -> bytes:
    record = config.record
    return _ENTRY.pack(config.track, Flag.CONFIG, config.codec, len(record), 0, 0) + record


def encode_entry_head(unit: Unit) -> bytes:
    """What stands before the payload of a unit that is written whole."""
    return _ENTRY.pack(unit.track, _KEY if unit.is_key else 0, 0, len(unit.payload), unit.dts, unit.cts)


def encode_unit(unit: Unit, *, room: int, piece_bytes: int) -> list[bytes]:
    """The entries of one unit: one if it fits into `room` bytes, else pieces of at most `piece_bytes` each.

    The first piece fills `room` only if that is worth an entry; every further piece begins a message of its own.
    """
    flags = _KEY if unit.is_key else 0
    size = len(unit.payload)
    if ENTRY_BYTES + size <= room:
        return [encode_entry_head(unit) + unit.payload]
    body = piece_bytes - ENTRY_BYTES
    cuts = range(0, max(size, 1), body)
    return [
        _ENTRY.pack(
            unit.track,
            flags | (_MORE if cut + body < size else 0),
            0,
            min(body, size - cut),
            unit.dts,
            unit.cts,
        )
        + unit.payload[cut : cut + body]
        for cut in cuts
    ]


def encode_closed(*, connection: int, n: int, reason: str, is_clean: bool) -> bytes:
    """The last message of a connection."""
    head = Head(connection, n, Kind.CLOSED, 0, 0)
    return encode_head(head) + (b"+" if is_clean else b"-") + reason.encode()[:200]


def decode_head(message: bytes) -> Head:
    """The head of a message. FramingError if it is none."""
    if len(message) < HEAD_BYTES:
        raise FramingError(f"a media message has at least {HEAD_BYTES} bytes, this has {len(message)}")
    version, kind, count, held_ms, connection, n = _HEAD.unpack_from(message)
    if version != VERSION:
        raise FramingError(f"media message of version {version}; this program reads {VERSION}")
    if kind not in (Kind.UNITS, Kind.CLOSED):
        raise FramingError(f"media message of unknown kind {kind}")
    return Head(connection, n, Kind(kind), count, held_ms)


def decode_closed(message: bytes) -> tuple[str, bool]:
    """Reason of a CLOSED message, and whether the encoder said goodbye."""
    return message[HEAD_BYTES + 1 :].decode(errors="replace"), message[HEAD_BYTES : HEAD_BYTES + 1] == b"+"


def decode_entries(message: bytes) -> Iterator[tuple[Track, int, int, int, int, bytes]]:
    """The entries of a UNITS message in order, as the fields of a `Piece`. FramingError if one does not fit.

    Most are a unit and nothing else: a `Piece` made of each would be thrown away at once.
    """
    at = HEAD_BYTES
    end = len(message)
    while at < end:
        if at + ENTRY_BYTES > end:
            raise FramingError("a media message ends within an entry's head")
        track, flags, codec, length, dts, cts = _ENTRY.unpack_from(message, at)
        at += ENTRY_BYTES
        if at + length > end or track >= len(_TRACKS):
            raise FramingError("a media message ends within an entry, or names an unknown track")
        yield _TRACKS[track], flags, codec, dts, cts, message[at : at + length]
        at += length


def has_track(message: bytes, track: Track) -> bool:
    """Whether a UNITS message has an entry of this track, a config among them; no payload is looked at."""
    at, end = HEAD_BYTES, len(message)
    while at + ENTRY_BYTES <= end:
        if message[at] == track:
            return True
        at += ENTRY_BYTES + int.from_bytes(message[at + 4 : at + 8], "big")
    return False


def decode_pieces(message: bytes) -> Iterator[Piece]:
    """The same as pieces."""
    return map(Piece._make, decode_entries(message))
