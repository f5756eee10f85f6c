"""Boxes of the ISO base media file format, written and read (ISO/IEC 14496-12, 4.2)."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

_HEADER = struct.Struct(">I4s")
_LARGE_HEADER = struct.Struct(">I4sQ")


class Box(NamedTuple):
    """Where a box lies in its bytes: `start` of its header, `body` behind the header, `end` behind the box."""

    kind: bytes
    start: int
    body: int
    end: int


def box(kind: bytes, *parts: bytes) -> bytes:
    """Write a box around `parts`."""
    body = b"".join(parts)
    return _HEADER.pack(8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """Write a box that starts with a version and 24 bits of flags (4.2)."""
    return box(kind, (version << 24 | flags).to_bytes(4, "big"), *parts)


def data_header(kind: bytes, length: int) -> bytes:
    """Write the header alone of a box with `length` bytes of body: 8 bytes, or 16 above 4 GB."""
    if length + 8 < 1 << 32:
        return _HEADER.pack(length + 8, kind)
    return _LARGE_HEADER.pack(1, kind, length + 16)


def header(data: bytes, at: int, end: int) -> Box:
    """Read the header at `at`. The box may run past `end`, its header may not."""
    if at + 8 > end:
        raise ValueError(f"box header at byte {at} is cut short")
    size, kind = _HEADER.unpack_from(data, at)
    body = at + 8
    if size == 1:
        if at + 16 > end:
            raise ValueError(f"box header at byte {at} is cut short")
        size, body = _LARGE_HEADER.unpack_from(data, at)[2], at + 16
    if size < body - at:
        raise ValueError(f"box {_printable(kind)} at byte {at} says it has {size} bytes")
    return Box(kind, at, body, at + size)


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Read the boxes side by side between `start` and `end`. ValueError if one does not fit."""
    end = len(data) if end is None else end
    while start < end:
        found = header(data, start, end)
        if found.end > end:
            raise ValueError(
                f"box {_printable(found.kind)} at byte {start} ends at {found.end}, what holds it at {end}"
            )
        yield found
        start = found.end


def child(data: bytes, parent: Box, path: str) -> Box:
    """Find the first box at `path` (`mdia/minf/stbl`) within `parent`. ValueError if there is none."""
    for name in path.split("/"):
        kind = name.encode()
        found = next((one for one in boxes(data, parent.body, parent.end) if one.kind == kind), None)
        if found is None:
            raise ValueError(f"box {_printable(parent.kind)} has no {name}")
        parent = found
    return parent


def fields(data: bytes, found: Box, layout: struct.Struct, offset: int = 0) -> tuple[int, ...]:
    """Unpack numbers `offset` bytes into the body. ValueError if the box is too short for them."""
    if found.body + offset + layout.size > found.end:
        raise ValueError(f"box {_printable(found.kind)} at byte {found.start} is too short")
    return layout.unpack_from(data, found.body + offset)


def whole(data: bytes) -> Box:
    """Take all of `data` as the body of a nameless box, to search in."""
    return Box(b"file", 0, 0, len(data))


def _printable(kind: bytes) -> str:
    return kind.decode("ascii", "backslashreplace")
