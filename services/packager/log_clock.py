"""What time it is on JetStream's clock: the one that stamps the logs, whatever this host's clock says. Pure."""

TURNED_US = 1_000_000
"""A stamp that is this far before the one read before it says that the server's clock was put back."""


class LogClock:
    """Told of stamps as they are read; `monotonic` is the caller's clock, in seconds."""

    def __init__(self) -> None:
        self._ahead_us: int | None = None
        """Stamp less monotonic time."""
        self._last: tuple[int, float] | None = None
        """The stamp that was read last, on the server's clock as it goes now, and when that was."""

    def set(self, stamp_us: int, monotonic: float) -> int:
        """Note the stamp of something that was written just now; by how much the clock was put back, else 0."""
        expected_us = self.now_us(monotonic)
        self._ahead_us = stamp_us - round(monotonic * 1e6)
        turned_us = 0 if expected_us is None else expected_us - stamp_us
        if self._last is None or turned_us <= TURNED_US or self._last[0] <= stamp_us:
            return 0
        self._last = self._last[0] - turned_us, self._last[1]
        return turned_us

    def note(self, stamp_us: int, monotonic: float) -> int:
        """Note the stamp of something that was read: it may be old, but it is not from the future.

        The answer is by how much the clock was put back since what was read before it; 0: it was not.
        """
        ahead_us = stamp_us - round(monotonic * 1e6)
        last, self._last = self._last, (stamp_us, monotonic)
        if last is not None and stamp_us < last[0] - TURNED_US:
            self._ahead_us = ahead_us
            return last[0] + round((monotonic - last[1]) * 1e6) - stamp_us
        self._ahead_us = ahead_us if self._ahead_us is None else max(self._ahead_us, ahead_us)
        return 0

    def now_us(self, monotonic: float) -> int | None:
        """Unix microseconds; None before anything was read."""
        return None if self._ahead_us is None else self._ahead_us + round(monotonic * 1e6)
