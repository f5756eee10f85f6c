"""Where parts and segments end. Pure.

The lead track is the picture, or the sound where there is none; the others follow its cuts. A part ends when the next
frame would make it too long, so only that frame tells that it has ended. Where a follower has more waiting than one
part may hold (sound that comes in bursts), it gets ticks of its own before the lead's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.common.media.even_parts import MIN_FILL, ends_part
from services.common.media.unit import AUDIO, CLOCK_RATE, VIDEO, Track
from services.packager.program.instance import MAX_DELAY_TICKS
from services.packager.program.lane import Cut, Lane
from services.packager.program.ordering import Item
from services.packager.program.pace import Pace

WAVERING = CLOCK_RATE // 200
"""A delay that differs by less is the same: encoders send times in whole milliseconds."""

LEAD_SILENCE = CLOCK_RATE
"""When the sound is this far ahead of the last picture, it leads until a picture comes."""


@dataclass(frozen=True, slots=True)
class TickCut:
    """One tick's parts."""

    cuts: tuple[Cut, ...]
    begins: int
    """Program time (90 kHz) of its first sample; of the one shown first where frames are reordered."""
    ends_segment: bool
    is_forced: bool = False
    """True if the segment was cut without a key frame."""


class Cutter:
    """Cuts the lanes of one broadcast."""

    def __init__(
        self, pace: Pace, *, segment_start: int | None = None, key_time: int | None = None, key_period: int = 0
    ) -> None:
        self.pace = pace
        self.lanes: dict[Track, Lane] = {}
        self.delay = 0
        """How much later than it is decoded a key frame is shown (90 kHz): sound is cut by what is shown with it."""
        self._segment_start = segment_start
        """Program time at which the open segment begins; None between segments."""
        self.key_time = key_time
        """Program time of the key frame that last began a segment of this source; None before there is any."""
        self.key_period = key_period
        """From one such key frame to the next; 0 while nobody knows."""

    @property
    def segment_start(self) -> int | None:
        return self._segment_start

    @property
    def end_time(self) -> int:
        """Program time (90 kHz) of the end of all that has been cut."""
        return max((lane.end_time for lane in self.lanes.values()), default=0)

    @property
    def newest_sound(self) -> int | None:
        """Program time of the newest sound; None where there is no such track."""
        sound = self.lanes.get(AUDIO)
        return None if sound is None else sound.newest

    @property
    def shown_end_time(self) -> int:
        """Program time at which every picture that has been cut has been shown; 0 where there is none."""
        video = self.lanes.get(VIDEO)
        return 0 if video is None else video.shown_end_time

    @property
    def has_pending(self) -> bool:
        return any(lane.has_pending for lane in self.lanes.values())

    def set_delay(self, delay: int) -> bool:
        """Key frames are shown this much later than they are decoded; True if that is news."""
        delay = min(delay, MAX_DELAY_TICKS)
        is_new = abs(delay - self.delay) > WAVERING
        self.delay = delay if is_new else self.delay
        return is_new

    # -- while media comes ------------------------------------------------------------------------

    def due(self, lane: Lane, item: Item, time: int, *, is_key: bool) -> Iterable[TickCut]:
        """The ticks that are complete as `lane` goes on with an item at `time`; `is_key`: a segment may begin with it.

        Most often there are none, so that much is made certain before a generator is made of it.
        """
        if item.place < lane.cursor or not self.is_due(lane, time, is_key=is_key):
            return ()
        return self.before(lane, time, is_key=is_key)

    def is_due(self, lane: Lane, time: int, *, is_key: bool) -> bool:
        """True if `before` may have something to say as `lane` goes on at `time`: most often it has not."""
        video = self.lanes.get(VIDEO)
        if video is not None and lane is not video and time - video.newest <= LEAD_SILENCE:
            return False
        lane.settle(time)
        if is_key or lane.has_gap:
            return True
        return self._ends_part(lane, lane.first_sent_time, time)

    def before(self, lead: Lane, time: int, *, is_key: bool) -> Iterator[TickCut]:
        """The ticks that are complete as `lead` goes on at `time` (program time)."""
        target = self._target(lead)
        while lead.pending_count > 1 and (lead.pending_span > target or lead.has_gap):
            # This frame has come later than the ones before it let expect, or the picture has stopped leading.
            count = max(1, lead.count_fitting(target, lead.pending_count - 1))
            yield from self._cut_lead(lead, count, lead.first_time + lead.duration_of(count))
        start = lead.first_sent_time
        elapsed = time - (start if self._segment_start is None else self._segment_start)
        is_full = lead.has_pending and self._ends_part(lead, start, time)
        ends_at_key = is_key and elapsed >= self.pace.segment_min and self._has_something(lead)
        if is_full or ends_at_key:
            yield from self._cut_lead(lead, lead.pending_count, time, is_end=ends_at_key)
        if ends_at_key:
            self.key_period = time - self.key_time if self.key_time is not None else 0
            self.key_time = time

    def _has_something(self, lead: Lane) -> bool:
        return lead.has_pending or self._is_begun

    @property
    def _is_begun(self) -> bool:
        """True if the open segment has a part."""
        return any(lane.segment_duration for lane in self.lanes.values())

    def _target(self, lane: Lane) -> int:
        return self.pace.video_part if lane.track is VIDEO else self.pace.audio_part

    def _ends_part(self, lead: Lane, start: int, time: int) -> bool:
        """True if the lead's part that begins at `start` ends before a frame at `time`."""
        step, key_time = self._step(lead), start if self.key_time is None else self.key_time
        left = key_time + self.key_period - start
        return ends_part(time - start, step, target=self._target(lead), frame=step, left=left)

    def _step(self, lane: Lane) -> int:
        """How long the frame that has come will be, for all one knows; milliseconds are rounded."""
        if lane.track is VIDEO:
            return max(self.pace.frame, lane.frame_duration - CLOCK_RATE // 1000)
        return lane.to_clock(lane.frame_duration)

    def _cut_lead(self, lead: Lane, count: int, time: int, *, is_end: bool = False) -> Iterator[TickCut]:
        """Cut the lead's first `count` samples, which end at `time`, and what the others have before that."""
        start = lead.first_time
        if self._is_begun and self._elapsed(lead, count, time) > self.pace.segment_max:
            # A picture that stands so long cannot be in the open segment.
            yield self._close(start, is_forced=True)
        elapsed = self._elapsed(lead, count, time)
        is_forced = not is_end and elapsed + self._target(lead) > self.pace.segment_max
        ends_segment = is_end or is_forced
        followers = [lane for lane in self.lanes.values() if lane is not lead]
        last_of = {}
        shown = time + (self.delay if lead.track is VIDEO else -self.delay)
        for lane in followers:
            yield from self._catch_up(lane, shown, ends_segment=ends_segment)
            last_of[lane.track] = self._last_count(lane, shown, ends_segment=ends_segment)
        begins = lead.first_shown(self.delay) if count else start
        cuts = [lead.cut(count), *(lane.cut(last_of[lane.track]) for lane in followers)]
        if ends_segment:
            self._end_segment()
        yield TickCut(_in_order(cuts), begins, ends_segment, is_forced)

    def _elapsed(self, lead: Lane, count: int, time: int) -> int:
        """How long the open segment is with the lead's first `count` samples, which end at `time`."""
        since = self._begin(lead.first_sent_time)
        # Sound that leads may have begun before the picture did.
        return max(time - since, lead.to_clock(lead.segment_duration) + lead.duration_of(count))

    def _begin(self, start: int) -> int:
        """Begin a segment at this program time if none is open; where the open one begins."""
        if self._segment_start is None:
            self._segment_start = start
            self.key_time = start if self.key_time is None else self.key_time
        return self._segment_start

    def _end_segment(self) -> None:
        self._segment_start = None
        for lane in self.lanes.values():
            lane.segment_duration = 0

    def _close(self, time: int, *, is_forced: bool = False) -> TickCut:
        """End the open segment with what it has."""
        self._end_segment()
        return TickCut((), time, ends_segment=True, is_forced=is_forced)

    def _catch_up(self, lane: Lane, time: int, *, ends_segment: bool) -> Iterator[TickCut]:
        """Cut whole parts of what lies before `time` until no more than one is left."""
        while count := self._fitting(lane, lane.count_before(time)):
            rest = lane.count_before(time) - count
            if not rest or not (ends_segment or self._is_worth(lane, count, rest)):
                return
            begins = lane.first_shown(self.delay)
            yield TickCut(_in_order([lane.cut(count)]), begins, ends_segment=False)

    def _fitting(self, lane: Lane, most: int) -> int:
        """How many of a lane's first samples make its next part."""
        if not most:
            return 0
        left = self.pace.segment_max - lane.to_clock(lane.segment_duration)
        count = lane.count_fitting(min(self._target(lane), left), most)
        # A single picture may stand longer than any part should; it has to go somewhere.
        return count or int(lane.duration_of(1) <= left or not lane.segment_duration)

    def _is_worth(self, lane: Lane, count: int, rest: int) -> bool:
        """True if what follows the first `count` samples is worth a part of its own now."""
        if lane.has_gap_at(count):
            return True
        return lane.duration_of(count + rest) - lane.duration_of(count) >= MIN_FILL * self._target(lane)

    def _last_count(self, lane: Lane, time: int, *, ends_segment: bool) -> int:
        count = self._fitting(lane, lane.count_before(time))
        if ends_segment or lane.track is VIDEO or lane.has_gap_at(count):
            return count
        return count if lane.duration_of(count) >= MIN_FILL * self._target(lane) else 0

    # -- when it ends -----------------------------------------------------------------------------

    def close_ranks(self) -> None:
        """Pictures that were still to come do not: those that were to be shown after them are shown in their place."""
        if (video := self.lanes.get(VIDEO)) is not None:
            video.close_ranks(self.delay)

    def drop_unbegun(self) -> None:
        """Drop what would make a segment of less than a part: who goes on has it. Leave no hole before what is out."""
        if not self._is_begun and not any(lane.has_overdue for lane in self.lanes.values()):
            self._segment_start = None
            for lane in self.lanes.values():
                lane.drop_pending()

    def drop_unseen(self) -> None:
        """Drop sound whose picture has not come: who goes on has both, and they are to begin together."""
        video, sound = self.lanes.get(VIDEO), self.lanes.get(AUDIO)
        if video is not None and sound is not None:
            sound.drop_from(video.last_shown - sound.to_clock(sound.frame_duration) // 2)

    def flush(self) -> Iterator[TickCut]:
        """Cut all that is pending and end the segment: nothing follows, or something else does."""
        yield from self._flush()
        self.key_time = None

    def _flush(self) -> Iterator[TickCut]:
        while self.has_pending:
            lanes = [lane for lane in self.lanes.values() if lane.has_pending]
            self._begin(min(lane.first_sent_time for lane in lanes))
            counts = [self._fitting(lane, lane.pending_count) for lane in lanes]
            if not any(counts):
                yield self._close(self.end_time)
                continue
            begins = min(lane.first_shown(self.delay) for lane in lanes)
            cuts = [lane.cut(count) for lane, count in zip(lanes, counts, strict=True)]
            is_last = not self.has_pending
            if is_last:
                self._end_segment()
            yield TickCut(_in_order(cuts), begins, ends_segment=is_last)
        if self._is_begun:
            yield self._close(self.end_time)


def _in_order(cuts: list[Cut | None]) -> tuple[Cut, ...]:
    return tuple(sorted((cut for cut in cuts if cut is not None), key=lambda cut: cut.number))
