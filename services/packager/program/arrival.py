"""When an instance's units were made, on the one clock that both instances share: JetStream's. Pure."""

from services.common.media.unit import CLOCK_RATE

_BUCKET_US = 5_000_000


def _scale_us(ticks: int) -> int:
    return ticks * 1_000_000 // CLOCK_RATE


class ArrivalClock:
    """When an instance's time 0 was: the least delay seen in the last 5 to 10 s.

    A unit cannot arrive before it is made, so the quickest one says most about when it was.
    """

    def __init__(self) -> None:
        self._bucket = 0
        self._now: int | None = None
        self._before: int | None = None

    def observe(self, *, stamp_us: int, held_us: int, dts: int) -> None:
        """Note that a unit with decode time `dts` was there at `stamp_us` less `held_us`."""
        origin = stamp_us - held_us - _scale_us(dts)
        bucket = stamp_us // _BUCKET_US
        if bucket != self._bucket:
            self._before = self._now if bucket == self._bucket + 1 else None
            self._bucket, self._now = bucket, None
        self._now = origin if self._now is None else min(self._now, origin)

    @property
    def origin_us(self) -> int | None:
        """Unix microseconds at which dts 0 was; None before the first unit."""
        if self._now is None or self._before is None:
            return self._now
        return min(self._now, self._before)

    def wall_us(self, dts: int) -> int | None:
        """Unix microseconds of a decode time."""
        origin = self.origin_us
        return None if origin is None else origin + _scale_us(dts)
