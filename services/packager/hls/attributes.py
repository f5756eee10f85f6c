"""Attribute values and attribute lists (RFC 8216bis 4.2): one codec per value type, used to write and to read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

QUERY_MARK = "\0"
"""Stands after every URI in a rendered template; the viewer's query string takes its place. No playlist can
contain it: 4.1 forbids control characters."""

FIRST_MSN = 1
"""The media sequence number of segment 0, as playlists and `_HLS_msn` say it; everywhere else segments count from 0.

hls.js (1.7) takes a segment number of 0 for none (`FragmentTracker.detectEvictedFragments`) and forgets each part of
it as soon as it has it: who joined in the last part of the first segment loaded that part again and again, and stood
still for 4 s, until it had left the list.
"""

_ATTRIBUTE = re.compile(r'([A-Z0-9-]{1,64})=("[^"\r\n]*"|[^",\s]+)(?:,(?=.)|$)')
_INTEGER = re.compile(r"[0-9]{1,20}")
_DECIMAL = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,20}))?")


class PlaylistError(ValueError):
    """A playlist, or a value meant for one, breaks the grammar of RFC 8216bis section 4."""


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """How one type of value is written and read. `decode` raises PlaylistError."""

    encode: Callable[[T], str]
    decode: Callable[[str], T]


def seconds(microseconds: int) -> str:
    """A duration with five decimals, rounded to the nearest, half up.

    Where that would carry a fraction below .5 up to .5 it rounds down instead, so that the printed duration
    rounds to the same whole second as the real one: TARGETDURATION is compared with that (4.4.3.1).
    """
    units = (microseconds + 5) // 10
    if units % 100_000 == 50_000 and microseconds % 1_000_000 < 500_000:
        units -= 1
    return f"{units // 100_000}.{units % 100_000:05d}"


def bound(microseconds: int) -> str:
    """An upper bound with five decimals, rounded up: no duration within it is printed above it."""
    units = -(-microseconds // 10)
    return f"{units // 100_000}.{units % 100_000:05d}"


def parse_seconds(text: str) -> int:
    """Microseconds of a decimal-floating-point; digits beyond the sixth are dropped."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise PlaylistError(f"not a decimal number: {text[:40]!r}")
    return int(match[1]) * 1_000_000 + int((match[2] or "")[:6].ljust(6, "0"))


def parse_integer(text: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise PlaylistError(f"not a decimal integer: {text[:40]!r}")
    return int(text)


def _signed(microseconds: int) -> str:
    return ("-" if microseconds < 0 else "") + seconds(abs(microseconds))


def _parse_signed(text: str) -> int:
    return -parse_seconds(text[1:]) if text.startswith("-") else parse_seconds(text)


def _quoted(text: str) -> str:
    if '"' in text or "\n" in text or "\r" in text:
        raise PlaylistError(f"cannot stand in a quoted string: {text[:40]!r}")
    return f'"{text}"'


def _parse_quoted(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise PlaylistError(f"not a quoted string: {text[:40]!r}")
    return text[1:-1]


def _parse_yes(text: str) -> bool:
    if text not in ("YES", "NO"):
        raise PlaylistError(f"neither YES nor NO: {text[:40]!r}")
    return text == "YES"


def _parse_enumerated(text: str) -> str:
    if text.startswith('"'):
        raise PlaylistError(f"an enumerated string has no quotes: {text[:40]!r}")
    return text


def _parse_resolution(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return parse_integer(width), parse_integer(height)


INTEGER: Value[int] = Value(str, parse_integer)
MSN: Value[int] = Value(lambda number: str(number + FIRST_MSN), lambda text: parse_integer(text) - FIRST_MSN)
SECONDS: Value[int] = Value(seconds, parse_seconds)
BOUND: Value[int] = Value(bound, parse_seconds)
SIGNED_SECONDS: Value[int] = Value(_signed, _parse_signed)
QUOTED: Value[str] = Value(_quoted, _parse_quoted)
GROUP: Value[Any] = Value(_quoted, lambda text: None if text == "NONE" else _parse_quoted(text))
"""A group, which others may say to be none."""
URI: Value[str] = Value(lambda text: _quoted(text + QUERY_MARK), _parse_quoted)
YES: Value[bool] = Value(lambda yes: "YES" if yes else "NO", _parse_yes)
ENUMERATED: Value[str] = Value(str, _parse_enumerated)
RESOLUTION: Value[tuple[int, int]] = Value(lambda size: f"{size[0]}x{size[1]}", _parse_resolution)
LIST: Value[tuple[str, ...]] = Value(
    lambda items: _quoted(",".join(items)), lambda text: tuple(_parse_quoted(text).split(","))
)
FRAME_RATE: Value[float] = Value(lambda rate: f"{rate:.3f}", lambda text: parse_seconds(text) / 1_000_000)


def split_attributes(text: str) -> dict[str, str]:
    """Attribute names and their raw values. Raises PlaylistError on bad syntax or a name given twice (4.2)."""
    found: dict[str, str] = {}
    end = 0
    while end < len(text):
        match = _ATTRIBUTE.match(text, end)
        if match is None:
            raise PlaylistError(f"bad attribute list at {text[end : end + 40]!r}")
        if match[1] in found:
            raise PlaylistError(f"attribute {match[1]} given twice")
        found[match[1]] = match[2]
        end = match.end()
    return found
