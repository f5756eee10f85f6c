"""The demo's picture: colour bars, a large UTC clock with milliseconds, a bar that moves evenly, and a strip of noise.

The noise gives the encoder something to do, so that the bit rate is that of a real picture.

Drawn into the planes of one YUV 4:2:0 picture that is kept: after the first only what changes is written, so that
drawing costs far less than encoding. Pure: the time comes in, bytes lie in the planes.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime

from services.machine.demo_glyphs import glyphs

# 75 % bars of BT.709 as (Y, Cb, Cr): grey, yellow, cyan, green, magenta, red, blue.
_BARS = (
    (180, 128, 128),
    (168, 44, 136),
    (145, 147, 44),
    (133, 63, 52),
    (63, 193, 204),
    (51, 109, 212),
    (28, 212, 120),
)
_BLACK, _WHITE = 16, 235
_SWEEP_S = 4
_SEED = 7
_NOISE_STEPS = 97
_LETTERS = "00:00:00.000"

Plane = memoryview
"""A plane's bytes, writable, `stride` a row."""


class Picture:
    """One picture of `width` x `height` pixels (both even) in planes of the given strides."""

    def __init__(self, width: int, height: int, planes: Sequence[Plane], strides: Sequence[int]) -> None:
        self.width, self.height = width, height
        self._planes, self._strides = planes, strides
        self._glyphs = glyphs(height // 5)
        self._clock_top = height * 2 // 5 // 2 * 2
        self._clock_left = (width - sum(self._glyphs[letter].width for letter in _LETTERS)) // 2
        self._bar_height, self._bar_width = height // 20, width // 20
        self._bar_top = height * 3 // 4
        self._noise_top = height * 9 // 10
        self._noise_rows = height // 18
        self._noise = random.Random(_SEED).randbytes(width * (self._noise_rows + _NOISE_STEPS))
        self._shown = " " * len(_LETTERS)
        self._bar_left = 0
        self._draw_background()

    def draw(self, now: float) -> str:
        """Show the wall clock `now` (seconds since the epoch); the answer is the text that the picture shows."""
        text = clock_text(now)
        left = self._clock_left
        for letter, before in zip(text, self._shown, strict=True):
            if letter != before:
                self._put(letter, left)
            left += self._glyphs[letter].width
        self._shown = text
        self._move_bar(now)
        self._draw_noise(int(now * 1000) * 7 % _NOISE_STEPS)
        return text

    def _put(self, letter: str, left: int) -> None:
        glyph, stride, luma = self._glyphs[letter], self._strides[0], self._planes[0]
        start = self._clock_top * stride + left
        for row in glyph.rows:
            luma[start : start + glyph.width] = row
            start += stride

    def _draw_noise(self, step: int) -> None:
        stride, luma, noise = self._strides[0], self._planes[0], self._noise
        for row in range(self._noise_rows):
            source, start = (row + step) * self.width, (self._noise_top + row) * stride
            luma[start : start + self.width] = noise[source : source + self.width]

    def _move_bar(self, now: float) -> None:
        self._fill_luma(self._bar_left, self._bar_top, self._bar_width, self._bar_height, _BLACK)
        self._bar_left = int(now % _SWEEP_S / _SWEEP_S * (self.width - self._bar_width))
        self._fill_luma(self._bar_left, self._bar_top, self._bar_width, self._bar_height, _WHITE)

    def _draw_background(self) -> None:
        for plane in range(3):
            across = self.width if plane == 0 else self.width // 2
            row = bytes(_BARS[x * len(_BARS) // across][plane] for x in range(across))
            self._fill_rows(plane, 0, self.height, row)
        margin = self.height // 40 // 2 * 2
        for top, height in ((self._clock_top, self.height // 5), (self._bar_top, self._bar_height)):
            self._black_band(top // 2 * 2 - margin, height + 2 * margin + 2)

    def _black_band(self, top: int, height: int) -> None:
        for plane, level in enumerate((_BLACK, 128, 128)):
            across = self.width if plane == 0 else self.width // 2
            self._fill_rows(plane, top, height, bytes([level]) * across)

    def _fill_rows(self, plane: int, top: int, height: int, row: bytes) -> None:
        scale, stride = (1 if plane == 0 else 2), self._strides[plane]
        for y in range(top // scale, min(self.height, top + height) // scale):
            self._planes[plane][y * stride : y * stride + len(row)] = row

    def _fill_luma(self, left: int, top: int, width: int, height: int, level: int) -> None:
        row, stride = bytes([level]) * width, self._strides[0]
        for y in range(top, top + height):
            self._planes[0][y * stride + left : y * stride + left + width] = row


def clock_text(now: float) -> str:
    """UTC as HH:MM:SS.mmm."""
    moment = datetime.fromtimestamp(round(now * 1000) / 1000, UTC)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
