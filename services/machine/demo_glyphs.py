"""Digits as bytes: seven segments a digit, without any font. Pure."""

from dataclasses import dataclass
from typing import Final

_WHITE, _BLACK = 235, 16
"""Video levels of BT.601/709, not 255 and 0."""

_SEGMENTS: Final = {
    "0": "abcdef",
    "1": "bc",
    "2": "abged",
    "3": "abgcd",
    "4": "fgbc",
    "5": "afgcd",
    "6": "afgedc",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
}


@dataclass(frozen=True)
class Glyph:
    """A rectangle of luma."""

    width: int
    rows: tuple[bytes, ...]


def glyphs(height: int) -> dict[str, Glyph]:
    """The characters 0-9, colon and full stop at `height` pixels, white on black, each with a margin."""
    found = {digit: _digit(lit, height) for digit, lit in _SEGMENTS.items()}
    return found | {":": _dots(height, (0.32, 0.68)), ".": _dots(height, (0.92,))}


def _digit(lit: str, height: int) -> Glyph:
    width, stroke, gap = height // 2, max(2, height // 9), max(1, height // 16)
    right, middle = width - gap - stroke, (height - stroke) // 2
    boxes = {
        "a": (gap, 0, width - gap, stroke),
        "b": (right, 0, right + stroke, middle + stroke),
        "c": (right, middle, right + stroke, height),
        "d": (gap, height - stroke, width - gap, height),
        "e": (gap, middle, gap + stroke, height),
        "f": (gap, 0, gap + stroke, middle + stroke),
        "g": (gap, middle, width - gap, middle + stroke),
    }
    return _draw(width, height, [boxes[segment] for segment in lit])


def _dots(height: int, centres: tuple[float, ...]) -> Glyph:
    width, side = height // 4, max(2, height // 8)
    left = (width - side) // 2
    tops = [min(height - side, int(centre * height) - side // 2) for centre in centres]
    return _draw(width, height, [(left, top, left + side, top + side) for top in tops])


def _draw(width: int, height: int, boxes: list[tuple[int, int, int, int]]) -> Glyph:
    rows = [bytearray([_BLACK]) * width for _ in range(height)]
    for left, top, right, bottom in boxes:
        for row in rows[top:bottom]:
            row[left:right] = bytes([_WHITE]) * (right - left)
    return Glyph(width, tuple(bytes(row) for row in rows))
