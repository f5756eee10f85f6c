"""When an instance's units were made, on a clock that both instances share: the encoders' own where they stamp with the
time of day, else JetStream's. Pure.
"""

from services.common.media.unit import CLOCK_RATE

_BUCKET_US = 5_000_000

_TURN_US = (1 << 31) * 1000
"""RTMP's stamps are milliseconds in 32 bits, of which FFmpeg writes 31: times of day come around after 25 days."""

_NEAR_US = 5_000_000
"""A stamp that is the time of day arrives this soon after it, and the clocks of encoder and server agree as well."""

_FROM_ZERO = 3600 * CLOCK_RATE
"""Who has stamped less than this (90 kHz) has begun at 0, as most encoders do, and not at a time of day."""


def _scale_us(ticks: int) -> int:
    return ticks * 1_000_000 // CLOCK_RATE


def _to_ticks(us: int) -> int:
    return us * CLOCK_RATE // 1_000_000


class ArrivalClock:
    """When an instance's time 0 was: the least delay seen in the last 5 to 10 s.

    A unit cannot arrive before it is made, so the quickest one says most about when it was.
    """

    def __init__(self) -> None:
        self._bucket = 0
        self._now: int | None = None
        self._before: int | None = None
        self._newest_dts = 0

    def observe(self, *, stamp_us: int, held_us: int, dts: int) -> None:
        """Note that a unit with decode time `dts` was there at `stamp_us` less `held_us`."""
        origin = stamp_us - held_us - _scale_us(dts)
        bucket = stamp_us // _BUCKET_US
        if bucket != self._bucket:
            self._before = self._now if bucket == self._bucket + 1 else None
            self._bucket, self._now = bucket, None
        self._now = origin if self._now is None else min(self._now, origin)
        self._newest_dts = dts

    @property
    def origin_us(self) -> int | None:
        """Unix microseconds at which dts 0 was; None before the first unit."""
        if self._now is None or self._before is None:
            return self._now
        return min(self._now, self._before)

    @property
    def stamped_origin_us(self) -> int | None:
        """When dts 0 was by the encoder's clock, in Unix microseconds less whole turns of its stamps.

        None where its stamps are no time of day (FFmpeg's are with `-use_wallclock_as_timestamps 1 -copyts`).
        """
        origin = self.origin_us
        if origin is None or self._newest_dts < _FROM_ZERO:
            return None
        turn = round(origin / _TURN_US) * _TURN_US
        return turn if abs(origin - turn) <= _NEAR_US else None

    def wall_us(self, dts: int) -> int | None:
        """Unix microseconds of a decode time."""
        origin = self.origin_us
        return None if origin is None else origin + _scale_us(dts)

    def dts(self, wall_us: int) -> int | None:
        """The decode time at which it was that late."""
        origin = self.origin_us
        return None if origin is None else _to_ticks(wall_us - origin)

    def dts_like(self, dts: int, other: "ArrivalClock") -> int | None:
        """The decode time of what was made when `other`'s `dts` was."""
        mine, its = self.stamped_origin_us, other.stamped_origin_us
        if mine is None or its is None:
            mine, its = self.origin_us, other.origin_us
        return None if mine is None or its is None else dts + _to_ticks(its - mine)
