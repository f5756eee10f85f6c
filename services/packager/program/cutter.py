"""Where parts and segments end. Pure.

The lead track is the picture, or the sound where there is none; the sound follows the picture's cuts. A part ends
when the next frame would make it too long, so only that frame tells that it has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.common.media.unit import CLOCK_RATE, Track, Unit
from services.packager.program.lane import Cut, Lane
from services.packager.program.ordering import Item
from services.packager.program.pace import Pace

MIN_FILL = 0.85
"""A part that is not its segment's last fills at least this much of the target (RFC 8216bis 4.4.4.9)."""

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

    def __init__(self, pace: Pace, *, segment_start: int | None = None) -> None:
        self.pace = pace
        self.lanes: dict[Track, Lane] = {}
        self._segment_start = segment_start
        """Program time at which the open segment begins; None between segments."""

    @property
    def segment_start(self) -> int | None:
        return self._segment_start

    @property
    def is_segment_open(self) -> bool:
        """True if a part of the open segment has been cut."""
        return self._segment_start is not None

    @property
    def end_time(self) -> int:
        """Program time (90 kHz) of the end of all that has been cut."""
        return max((lane.end_time for lane in self.lanes.values()), default=0)

    def push(self, item: Item, unit: Unit, program_time: int) -> Iterator[TickCut]:
        """Take a unit at its program time; the ticks that it completes."""
        lane = self.lanes[item.track]
        if item.track is self._lead(program_time) and item.place >= lane.cursor:
            yield from self._cut_before(lane, program_time, is_key=unit.is_key)
        lane.add(item, unit, program_time)

    def _lead(self, program_time: int) -> Track:
        video = self.lanes.get(Track.VIDEO)
        if video is None:
            return Track.AUDIO
        last = video.last_time if video.has_pending else video.end_time
        is_silent = last is None or program_time - last > LEAD_SILENCE
        return Track.AUDIO if is_silent and Track.AUDIO in self.lanes else Track.VIDEO

    def _cut_before(self, lead: Lane, time: int, *, is_key: bool) -> Iterator[TickCut]:
        start = lead.first_time
        if start is None:
            return
        segment_start = start if self._segment_start is None else self._segment_start
        target = self.pace.video_part if lead.track is Track.VIDEO else self.pace.audio_part
        frame = self.pace.frame if lead.track is Track.VIDEO else lead.frame_duration * CLOCK_RATE // lead.timescale
        last = lead.last_time
        step = max(frame, time - last - CLOCK_RATE // 1000) if last is not None else frame
        ends_part = time - start + step > target
        elapsed = time - segment_start
        ends_at_key = is_key and elapsed >= self.pace.segment_min
        is_forced = ends_part and not ends_at_key and elapsed + target > self.pace.segment_max
        if ends_part or ends_at_key:
            until = time if lead.track is Track.VIDEO else None
            yield self._cut(lead, time, until=until, ends_segment=ends_at_key or is_forced, is_forced=is_forced)

    def _cut(self, lead: Lane, time: int, *, until: int | None, ends_segment: bool, is_forced: bool) -> TickCut:
        begins, start = lead.first_shown, lead.first_time
        cuts = [lead.cut(lead.pending_count, until=until)]
        followers = [lane for lane in self.lanes.values() if lane is not lead]
        cuts += [self._follow(lane, time, ends_segment=ends_segment) for lane in followers]
        if ends_segment:
            self._segment_start = None
        elif self._segment_start is None:
            self._segment_start = start
        return TickCut(_in_order(cuts), begins if begins is not None else time, ends_segment, is_forced)

    def _follow(self, lane: Lane, time: int, *, ends_segment: bool) -> Cut | None:
        """Cut what lies before the lead's cut, if it makes a part that the rules allow."""
        count = lane.count_before(time)
        if not ends_segment and lane.track is Track.AUDIO:
            per_frame = lane.frame_duration * CLOCK_RATE / lane.timescale
            most = max(1, int(self.pace.audio_part / per_frame))
            if count * per_frame < MIN_FILL * self.pace.audio_part:
                return None
            if count <= 2 * most:
                count = min(count, most)
        return lane.cut(count)

    def flush(self) -> TickCut | None:
        """Cut all that is pending and end the segment: nothing follows, or something else does. None if all is cut."""
        lanes = [lane for lane in self.lanes.values() if lane.has_pending]
        begins = min((lane.first_shown for lane in lanes if lane.first_shown is not None), default=None)
        if begins is None and not self.is_segment_open:
            return None
        cuts = _in_order([lane.cut(lane.pending_count) for lane in lanes])
        self._segment_start = None
        return TickCut(cuts, self.end_time if begins is None else begins, ends_segment=True)


def _in_order(cuts: list[Cut | None]) -> tuple[Cut, ...]:
    return tuple(sorted((cut for cut in cuts if cut is not None), key=lambda cut: cut.number))
