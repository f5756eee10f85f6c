"""Pushes the demo picture in real time until it is told to stop, and connects again when it is thrown out."""

import signal
import sys
import threading
from typing import TextIO

import av

from services.common.clock import Clock, SystemClock
from services.machine.demo_encoder import DemoEncoder

_PAUSES_S = (0.5, 1.0, 2.0, 5.0)
_LOOK_EVERY_S = 0.1
_CLOSE_DEADLINE_S = 3.0


def push(target: str, width: int, height: int, *, seconds: float | None = None) -> int:
    """Push to `target` until Ctrl-C, SIGTERM or for `seconds`; the answer is an exit code."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    demo = Demo(target, (width, height), SystemClock(), stopping, sys.stdout)
    # Beside the main thread, because a write to a peer that does not read is not interrupted by a signal.
    pushing = threading.Thread(target=demo.run, args=(seconds,), name="push", daemon=True)
    pushing.start()
    while pushing.is_alive() and not stopping.wait(_LOOK_EVERY_S):
        pass
    pushing.join(_CLOSE_DEADLINE_S)
    return 0 if demo.has_pushed else 1


class Demo:
    """One demo: as many connections one after the other as it takes."""

    def __init__(
        self, target: str, size: tuple[int, int], clock: Clock, stopping: threading.Event, out: TextIO
    ) -> None:
        self._target, self._size = target, size
        self._clock, self._stopping, self._out = clock, stopping, out
        self._failures = 0
        self.has_pushed = False
        """True once a picture has gone out."""

    def run(self, seconds: float | None) -> None:
        """Push until `stopping` is set, at most for `seconds`."""
        until = None if seconds is None else self._clock.monotonic() + seconds
        while not self._is_over(until):
            try:
                self._connect(until)
            except (av.error.FFmpegError, OSError) as error:
                self._wait_after(error)
        self._say("stopped")

    def _connect(self, until: float | None) -> None:
        width, height = self._size
        began, started = self._clock.now(), self._clock.monotonic()
        encoder = DemoEncoder(self._target, width, height, began=began)
        encoder.write_next()
        self._say(f"pushing {width}x{height}, 30 frames a second; Ctrl-C stops")
        self.has_pushed, self._failures = True, 0
        while not self._is_over(until):
            ahead_s = started + encoder.time_s - self._clock.monotonic()
            if ahead_s > 0:
                self._stopping.wait(ahead_s)
            encoder.write_next()
        encoder.close()

    def _wait_after(self, error: Exception) -> None:
        pause_s = _PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)]
        self._failures += 1
        self._say(f"not connected ({error.args[-1] if error.args else error}); again in {pause_s:g} s")
        self._stopping.wait(pause_s)

    def _is_over(self, until: float | None) -> bool:
        return self._stopping.is_set() or (until is not None and self._clock.monotonic() >= until)

    def _say(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()
