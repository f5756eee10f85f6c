"""AMF0 values (Adobe's AMF0 specification): one table to parse, one to render.

number float, boolean bool, string and long string str, object dict, ECMA array EcmaArray, strict array list,
null and undefined None, date Date. XML becomes a str, a typed object a dict, a reference None: encoders need no more.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from services.ingest.rtmp.errors import ProtocolError
from services.ingest.rtmp.limits import DEFAULT_LIMITS, Limits

Value: TypeAlias = "float | bool | str | Date | dict[str, Value] | list[Value] | None"


@dataclass(frozen=True, slots=True)
class Date:
    """Milliseconds since 1970 UTC; the zone's minutes are carried and mean nothing (2.13)."""

    milliseconds: float
    zone_minutes: int = 0


class EcmaArray(dict[str, Value]):
    """An object that says how many members it has (2.10); parses where an object does."""


class _Reader:
    """One message being parsed. Reads past its end raise IndexError or struct.error, which parse() names."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data
        self.at = 0
        self._depth_left = limits.value_depth
        self._count_left = limits.value_count

    def is_at_end(self) -> bool:
        return self.at >= len(self.data)

    def value(self) -> Value:
        self._count_left -= 1
        if self._count_left < 0:
            raise ProtocolError("too many AMF values in one message")
        marker = self.byte()
        parse = _PARSERS.get(marker)
        if parse is None:
            raise ProtocolError(f"AMF marker {marker:#04x} is not supported")
        self._depth_left -= 1
        if self._depth_left < 0:
            raise ProtocolError("AMF values are nested too deep")
        value = parse(self)
        self._depth_left += 1
        return value

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def unpack(self, layout: struct.Struct) -> float:
        (number,) = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return number  # type: ignore[no-any-return]  # the struct says what it is

    def text(self, length: int) -> str:
        end = self.at + length
        if end > len(self.data):
            raise IndexError
        piece = self.data[self.at : end]
        self.at = end
        return piece.decode("utf-8", "replace")


_DOUBLE, _SHORT, _LONG, _ZONE = struct.Struct(">d"), struct.Struct(">H"), struct.Struct(">I"), struct.Struct(">h")
_OBJECT_END = 0x09


def _number(reader: _Reader) -> Value:
    return reader.unpack(_DOUBLE)


def _boolean(reader: _Reader) -> Value:
    return reader.byte() != 0


def _string(reader: _Reader) -> str:
    return reader.text(int(reader.unpack(_SHORT)))


def _long_string(reader: _Reader) -> Value:
    return reader.text(int(reader.unpack(_LONG)))


def _members(reader: _Reader, into: dict[str, Value]) -> dict[str, Value]:
    """Key and value pairs to the end marker. Some encoders end a message without one: its end serves as well."""
    while not reader.is_at_end():
        key = _string(reader)
        if not key and reader.data[reader.at] == _OBJECT_END:
            reader.at += 1
            break
        into[key] = reader.value()
    return into


def _object(reader: _Reader) -> Value:
    return _members(reader, {})


def _typed_object(reader: _Reader) -> Value:
    _string(reader)
    return _members(reader, {})


def _ecma_array(reader: _Reader) -> Value:
    reader.unpack(_LONG)  # a hint that FMLE and others get wrong: the end marker decides
    return _members(reader, EcmaArray())


def _strict_array(reader: _Reader) -> Value:
    return [reader.value() for _ in range(int(reader.unpack(_LONG)))]


def _date(reader: _Reader) -> Value:
    return Date(reader.unpack(_DOUBLE), int(reader.unpack(_ZONE)))


def _reference(reader: _Reader) -> Value:
    reader.unpack(_SHORT)
    return None


def _nothing(_reader: _Reader) -> Value:
    return None


_PARSERS: dict[int, Callable[[_Reader], Value]] = {
    0x00: _number,
    0x01: _boolean,
    0x02: _string,
    0x03: _object,
    0x05: _nothing,
    0x06: _nothing,
    0x07: _reference,
    0x08: _ecma_array,
    0x0A: _strict_array,
    0x0B: _date,
    0x0C: _long_string,
    0x0D: _nothing,
    0x0F: _long_string,
    0x10: _typed_object,
}


def parse(data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[Value]:
    """All values of a message body, in order; ProtocolError if it is cut short, too deep or of an unknown kind."""
    reader = _Reader(data, limits)
    values: list[Value] = []
    try:
        while not reader.is_at_end():
            values.append(reader.value())
    except (IndexError, struct.error):
        raise ProtocolError("an AMF value is cut short") from None
    return values


def _render_text(text: str) -> bytes:
    encoded = text.encode("utf-8", "replace")
    if len(encoded) > 0xFFFF:
        return b"\x0c" + _LONG.pack(len(encoded)) + encoded
    return b"\x02" + _SHORT.pack(len(encoded)) + encoded


def _render_members(members: dict[str, Value]) -> bytes:
    parts = []
    for key, value in members.items():
        encoded = key.encode("utf-8", "replace")
        parts.append(_SHORT.pack(len(encoded)) + encoded + render(value))
    return b"".join(parts) + b"\x00\x00\x09"


_RENDERERS: dict[type, Callable[..., bytes]] = {
    float: lambda number: b"\x00" + _DOUBLE.pack(number),
    int: lambda number: b"\x00" + _DOUBLE.pack(number),
    bool: lambda flag: b"\x01" + bytes((flag,)),
    str: _render_text,
    dict: lambda members: b"\x03" + _render_members(members),
    type(None): lambda _: b"\x05",
    EcmaArray: lambda members: b"\x08" + _LONG.pack(len(members)) + _render_members(members),
    list: lambda items: b"\x0a" + _LONG.pack(len(items)) + render(*items),
    Date: lambda date: b"\x0b" + _DOUBLE.pack(date.milliseconds) + _ZONE.pack(date.zone_minutes),
}


def render(*values: Value) -> bytes:
    """The values one behind the other. A key longer than 65,535 bytes raises struct.error."""
    return b"".join(_RENDERERS[type(value)](value) for value in values)
