"""One clock per connection: what encoders stamp, in milliseconds of 32 bits, to ticks that never go back.

RTMP's stamps wrap (at 2^24 in encoders that forget the extended field, at 2^31 in those with signed integers, at
2^32 by the format), start anywhere, and jump when an encoder loops a file or restarts a source. What is told apart:

- *going on*: near what the track, or the newest track, last said. Only the unit changes: 1 ms is 90 ticks, exactly.
- *a wrap*: going on, once 2^24, 2^31 or 2^32 is added or taken away.
- *a jump*: anything else. The track goes on one step after all that has been put out, and its new relation of stamps
  to ticks (an `_Epoch`) holds for the other track too as soon as that jumps to it, so that picture and sound keep
  the distance the encoder gives them. Who has not jumped stays in the old epoch.

A track that leaps ahead by less than a jump may be alone in that: `leaps` asks before, and lets it begin again.
Drift between the tracks is the encoder's statement and is kept. The first stamp of a connection keeps its value.
"""

import math
from dataclasses import dataclass

from services.common.media.unit import CLOCK_RATE, Track

TICKS_PER_MS = CLOCK_RATE // 1000

JUMP_MS = 10_000
"""Forward steps up to this are gaps and are kept; MPEG-TS tools draw the line at the same place."""
BACK_MS = 300
"""Backward steps within a track up to this are disorder, not a jump: encoders that stamp B-frames with their
presentation time go back by up to five frames at 25 a second."""
LEAP_MS = 1000
"""A step that puts a track ahead of the other by more than this may be that track's alone."""
USUAL_STEPS = 4
"""Slides come seconds apart: a step that is no longer than so many of the last one is no leap."""
ALONE_MS = 500
"""So long after one track has jumped, the other would have, too."""
STANDING_UNITS = 300
"""With so many of one stamp a track's clock stands: 6 s of sound, 10 s of a picture."""
FIRST_STEP_MS = 33
"""How far behind a jump's last unit the next one is put while a track has shown no step of its own."""
MAX_STEP_MS = 1000

_WRAPS = (0, 1 << 24, -(1 << 24), 1 << 31)
"""What a stamp may lack. 2^32 needs no entry, since stamps are compared modulo it, and 2^31 is its own negative."""
_U32_MASK = 0xFFFFFFFF


class StandingClockError(Exception):
    """No track's stamps advance: nothing can be made of what they stamp."""


@dataclass(slots=True)
class _Epoch:
    """A stretch of stamps with one relation to ticks."""

    newest_ms: int
    """The last stamp, unwrapped, of either track in this epoch."""
    offset_ms: int
    """To be added to an unwrapped stamp."""
    begun_ms: float = math.inf
    """In milliseconds put out: where it began, if it did with a jump."""
    apart_ms: int = 0
    """By how much more the other track's stamps were ahead of their time before that jump, and may still be."""
    wrapped_ms: int = 0
    """What wraps have taken from the stamps so far, modulo 2^32."""

    def unwrap(self, stamp_ms: int, near_ms: int) -> int | None:
        """The stamp, unwrapped to within JUMP_MS of near_ms (unwrapped); None if no wrap brings it there."""
        lacking = stamp_ms + self.wrapped_ms - near_ms
        for wrap in _WRAPS:
            away = (lacking + wrap + 0x80000000 & _U32_MASK) - 0x80000000
            if -JUMP_MS <= away <= JUMP_MS:
                return near_ms + away
        return None

    def nearest(self, stamp_ms: int) -> tuple[int, int | None]:
        """What to take from a track's stamps as it enters, and its first one unwrapped; None if it is not near."""
        found = [(skew, self.unwrap(stamp_ms - skew, self.newest_ms)) for skew in {0, self.apart_ms}]
        return min(found, key=lambda each: math.inf if each[1] is None else abs(each[1] - self.newest_ms))

    def hear(self, stamp_ms: int, unwrapped_ms: int) -> None:
        """Note that a stamp of this epoch has come."""
        self.wrapped_ms = unwrapped_ms - stamp_ms & _U32_MASK
        self.newest_ms = max(self.newest_ms, unwrapped_ms)


@dataclass(slots=True)
class _TrackClock:
    epoch: _Epoch
    high_ms: int
    """The highest stamp in this epoch, unwrapped."""
    first_ticks: int
    last_ticks: int
    step_ms: int = FIRST_STEP_MS
    skew_ms: int = 0
    """To be taken from its stamps in this epoch, in which it alone has leapt."""
    standing: int = 0
    """How many units have come since it last stood still somewhere else."""
    stood_ms: int | None = None
    """Where it has stood still."""

    def unwrap(self, stamp_ms: int) -> int | None:
        """The stamp, unwrapped, if the track can go on with it in its epoch."""
        at = self.epoch.unwrap(stamp_ms, self.high_ms)
        if at is None:  # the track was silent while the other went on
            at = self.epoch.unwrap(stamp_ms, self.epoch.newest_ms)
        if at is None or at < self.high_ms - BACK_MS:
            return None
        return at

    def advance(self, at: int) -> None:
        """Note a stamp of the epoch, and how far it is from the last."""
        step = at - self.high_ms
        if step > 0:
            self.high_ms = at
            self.step_ms = min(step, MAX_STEP_MS)

    @property
    def is_standing(self) -> bool:
        return self.stood_ms == self.high_ms and self.standing > 1

    def stand(self) -> None:
        """Note a stamp that is not ahead of the last one."""
        self.standing = self.standing + 1 if self.stood_ms == self.high_ms else 1
        self.stood_ms = self.high_ms

    def move_to(self, epoch: _Epoch) -> None:
        """Go on in another epoch with the same times put out: from now on by a skew of its own."""
        old, at = self.epoch, self.high_ms + self.epoch.offset_ms - epoch.offset_ms
        self.skew_ms += self.high_ms - old.wrapped_ms - at + epoch.wrapped_ms
        self.epoch, self.high_ms = epoch, at
        epoch.newest_ms = max(epoch.newest_ms, at)

    def enter(self, epoch: _Epoch, at: int) -> None:
        """Go over to an epoch; where that would put the track back in time, the epoch moves on, for both tracks."""
        self.epoch = epoch
        self.high_ms = at
        self.skew_ms = 0
        late = _ms(self.last_ticks) - (at + epoch.offset_ms)
        if late > 0:
            epoch.offset_ms += late + self.step_ms


class Timeline:
    """The clock of one connection. Pure: the same stamps give the same ticks."""

    def __init__(self) -> None:
        self.jumps = 0
        """How often the stamps jumped; a jump that both tracks make counts once."""
        self._newest: _Epoch | None = None
        self._tracks: dict[Track, _TrackClock] = {}

    def go_on(self, track: Track, stamp_ms: int) -> int | None:
        """What `place` would say of a stamp that only goes on, as nearly every one does; None of any other."""
        clock = self._tracks.get(track)
        if clock is None:
            return None
        epoch = clock.epoch
        step = stamp_ms - clock.skew_ms + epoch.wrapped_ms - clock.high_ms & _U32_MASK
        if not 0 < step <= LEAP_MS or epoch is not self._newest:
            return None
        at = clock.high_ms = clock.high_ms + step
        clock.step_ms = step
        epoch.newest_ms = max(epoch.newest_ms, at)
        ticks = (at + epoch.offset_ms) * TICKS_PER_MS
        if ticks <= clock.last_ticks:
            ticks = clock.last_ticks + 1
        clock.last_ticks = ticks
        return ticks

    def place(self, track: Track, stamp_ms: int) -> int:
        """The decode time, in ticks, of a unit stamped stamp_ms (32 bits): strictly increasing within a track.

        A stamp equal to the last one is put one tick (11 us) behind it, since players drop samples without duration.
        Negative where an encoder starts just below a wrap. StandingClockError if no stamp advances any more.
        """
        clock = self._tracks.get(track)
        if clock is None:
            return self._start(track, stamp_ms)
        at = self._find(clock, stamp_ms)
        epoch = clock.epoch
        epoch.hear(stamp_ms - clock.skew_ms, at)
        newest = self._newest
        if newest is not None and epoch is not newest and at + epoch.offset_ms > newest.begun_ms + ALONE_MS:
            self._rejoin(epoch, newest)
        ticks = (at + epoch.offset_ms) * TICKS_PER_MS
        if ticks <= clock.last_ticks:
            ticks = clock.last_ticks + 1
            clock.stand()
            if clock.standing >= STANDING_UNITS and all(each.is_standing for each in self._tracks.values()):
                raise StandingClockError(f"{clock.standing} {track.name.lower()} frames are all stamped {stamp_ms} ms")
        clock.last_ticks = ticks
        return ticks

    def leap_of(self, track: Track, stamp_ms: int) -> tuple[int, int, float] | None:
        """Where the track would go on if it alone leaps with this stamp, by how much, and how far the other has come.

        All in milliseconds; None if it does not leap ahead of another track.
        """
        clock = self._tracks.get(track)
        other = next((each for name, each in self._tracks.items() if name is not track), None)
        if clock is None or other is None:
            return None
        leap, last, beside = self.step_of(track, stamp_ms), _ms(clock.last_ticks), _ms(other.last_ticks)
        if not LEAP_MS < leap <= JUMP_MS + LEAP_MS:  # the other may be ahead by as much
            return None
        is_usual = clock.last_ticks == clock.first_ticks or leap <= USUAL_STEPS * clock.step_ms
        if is_usual or last + leap <= beside + LEAP_MS:
            return None
        return max(last + clock.step_ms, beside), leap, other.last_ticks / TICKS_PER_MS

    def step_of(self, track: Track, stamp_ms: int) -> int:
        """How far a stamp of a track that has begun is ahead of its highest one; less than 0: behind it."""
        clock = self._tracks[track]
        ahead = stamp_ms - clock.skew_ms + clock.epoch.wrapped_ms - clock.high_ms
        return (ahead + 0x80000000 & _U32_MASK) - 0x80000000

    def begin_again(self, track: Track, stamp_ms: int, end_ms: int) -> None:
        """Let the track go on with this stamp at end_ms: its clock alone has changed."""
        self.jumps += 1
        clock = self._tracks[track]
        clock.skew_ms = stamp_ms + clock.epoch.wrapped_ms - (end_ms - clock.epoch.offset_ms)

    def _start(self, track: Track, stamp_ms: int) -> int:
        """A track's first unit: in the other's epoch if near it, else as if the other had just said it too."""
        epoch = self._newest
        at: int | None = stamp_ms
        if epoch is None:
            epoch = self._newest = _Epoch(stamp_ms, 0)
        else:
            at = epoch.unwrap(stamp_ms, epoch.newest_ms)
        if at is None:
            epoch = _Epoch(stamp_ms, epoch.newest_ms + epoch.offset_ms - stamp_ms)
            at = stamp_ms
        epoch.hear(stamp_ms, at)
        ticks = (at + epoch.offset_ms) * TICKS_PER_MS
        self._tracks[track] = _TrackClock(epoch, at, ticks, ticks)
        return ticks

    def _find(self, clock: _TrackClock, stamp_ms: int) -> int:
        """The stamp, unwrapped, with the track in the epoch it belongs to: the nearer of its own and the newest."""
        own = clock.unwrap(stamp_ms - clock.skew_ms)
        newest = self._newest
        if newest is not None and newest is not clock.epoch:
            skew, there = newest.nearest(stamp_ms)
            if there is not None and (own is None or abs(there - newest.newest_ms) < abs(own - clock.high_ms)):
                clock.enter(newest, there)
                clock.skew_ms = skew
                return there
        if own is None:
            return self._jump(clock, stamp_ms)
        clock.advance(own)
        return own

    def _jump(self, clock: _TrackClock, stamp_ms: int) -> int:
        """Begin an epoch one step behind all that has been put out, of either track."""
        self.jumps += 1
        end_ms = max(_ms(other.last_ticks) for other in self._tracks.values()) + clock.step_ms
        beside = [each.skew_ms - clock.skew_ms for each in self._tracks.values() if each.epoch is clock.epoch]
        self._newest = _Epoch(stamp_ms, end_ms - stamp_ms, end_ms, sum(beside))
        clock.enter(self._newest, stamp_ms)
        return stamp_ms

    def _rejoin(self, epoch: _Epoch, newest: _Epoch) -> None:
        """A track goes on in its old epoch: the other has jumped alone, and goes on beside it."""
        for clock in self._tracks.values():
            if clock.epoch is newest:
                clock.move_to(epoch)
        epoch.begun_ms, self._newest = math.inf, epoch


def _ms(ticks: int) -> int:
    """Ticks as milliseconds, rounded up."""
    return -(-ticks // TICKS_PER_MS)
