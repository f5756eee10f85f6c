"""The demo's sound: a low tone, and a beep at the start of each second of the wall clock. Pure."""

import math
from array import array

RATE = 48_000
"""Samples a second."""

FRAME = 1024
"""Samples of one AAC frame."""

_BEEP_SAMPLES = RATE // 10


class Sound:
    """Samples of the same sound on every channel."""

    def __init__(self) -> None:
        beep = [0.4 * math.sin(2 * math.pi * 1000 * n / RATE) for n in range(_BEEP_SAMPLES)]
        hum = [0.03 * math.sin(2 * math.pi * 200 * n / RATE) for n in range(_BEEP_SAMPLES, RATE)]
        second = array("f", beep + hum)
        self._second = (second + second[:FRAME]).tobytes()  # so that a frame over the end needs no second look

    def frame(self, sample: int) -> bytes:
        """The 1024 samples, 32-bit floats, from `sample` on; sample 0 stands at a whole second."""
        start = sample % RATE * 4
        return self._second[start : start + FRAME * 4]
