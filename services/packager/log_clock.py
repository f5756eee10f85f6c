"""What time it is on JetStream's clock: the one that stamps the logs, whatever this host's clock says. Pure."""


class LogClock:
    """Told of stamps as they are read; `monotonic` is the caller's clock, in seconds."""

    def __init__(self) -> None:
        self._ahead_us: int | None = None
        """Stamp less monotonic time."""

    def set(self, stamp_us: int, monotonic: float) -> None:
        """Note the stamp of something that was written just now."""
        self._ahead_us = stamp_us - round(monotonic * 1e6)

    def note(self, stamp_us: int, monotonic: float) -> None:
        """Note the stamp of something that was read: it may be old, but it is not from the future."""
        ahead_us = stamp_us - round(monotonic * 1e6)
        self._ahead_us = ahead_us if self._ahead_us is None else max(self._ahead_us, ahead_us)

    def now_us(self, monotonic: float) -> int | None:
        """Unix microseconds; None before anything was read."""
        return None if self._ahead_us is None else self._ahead_us + round(monotonic * 1e6)
