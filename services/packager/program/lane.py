"""One rendition in the making: samples that are in no part yet. Pure."""

from dataclasses import dataclass, field

from headwater.internal.v1.cmaf_pb2 import Rendition
from services.common.media.aac import parse_config
from services.common.media.avc import has_idr, parse_record
from services.common.media.unit import CLOCK_RATE, VIDEO, Config, Track, Unit
from services.packager.cmaf.part import Sample
from services.packager.program.instance import MAX_DELAY_TICKS
from services.packager.program.ordering import NOWHERE, Item, Place
from services.packager.program.seam import Seam

AUDIO_SNAP_S = 0.003
"""An audio frame this near to where the last one ended follows it exactly: encoders stamp it in whole milliseconds."""

AUDIO_OVERLAP_S = 0.06
"""An audio frame that lies this far before the end of the last one is dropped: sound may not be heard twice."""

AUDIO_BURST_S = 0.3
"""So far it may lie before that where the sound was in step a moment ago: who reads a sound card in large pieces gives
all of one piece the same time."""

AUDIO_OUT_OF_STEP_S = 1.0
"""Sound that is out of step for this long drifts, or its clock was put back."""

USUAL_INTERVAL = CLOCK_RATE // 4
"""A frame that stood longer than this, or than two of the usual ones, says nothing about how long the last one is."""


@dataclass(slots=True)
class _Pending:
    time: int
    duration: int
    cts: int
    follows: bool
    """False after a gap: no part reaches across one."""
    moved: int
    """How much later it is decoded than its encoder said, if a source begins with it."""
    unit: Unit
    item: Item


@dataclass(frozen=True, slots=True)
class Cut:
    """Samples that make one part."""

    number: int
    decode_time: int
    duration: int
    shown_after: int
    """From its end until all up to it has been shown."""
    samples: tuple[Sample, ...]
    moved: int = 0
    """How much later it begins than its encoder said."""

    @property
    def independent(self) -> bool:
        return self.samples[0].is_key


@dataclass(slots=True)
class Lane:
    """The samples of one track that wait for their part. Times are in the rendition's timescale."""

    track: Track
    number: int
    timescale: int
    frame_duration: int
    """Of audio: exact. Of video: the last interval seen, for the frame after which none came."""
    config: Config
    end: int = 0
    """Decode time at which the next sample must not begin before."""
    shown_end: int = 0
    """When the last of what has been cut has been shown."""
    cursor: Place = NOWHERE
    """The next unit that is in no part."""
    is_joining: bool = True
    """Until the first unit of a source: video waits for a key frame, audio for the end of what has been put out."""
    newest: int = 0
    """Program time (90 kHz) of the newest unit, or of the end of all that has been cut."""
    segment_duration: int = 0
    """Of the open segment."""
    has_gap: bool = False
    """True if there is a gap between pending samples."""
    has_begun: bool = True
    """Of pictures: False until the broadcast has any, and so has nothing to be joined to."""
    _pending: list[_Pending] = field(default_factory=list)
    _in_step: int = 0
    """Up to where the sound was where its encoder says."""
    _seam: Seam | None = None
    _leading_until: int = 0
    """Pictures of a source that are shown earlier than this need what it sent before the program was made of it."""
    _longest_interval: int = USUAL_INTERVAL

    @classmethod
    def open(cls, config: Config, rendition: Rendition, *, video_frame: int) -> "Lane":
        """A lane for a rendition that goes on at its next decode time; `video_frame` is the usual interval."""
        frame = video_frame if config.track is VIDEO else parse_config(config.record).frame_length
        lane = cls(config.track, rendition.number, rendition.timescale, frame, config, end=rendition.next_decode_time)
        lane.shown_end = max(rendition.shown_until, lane.end)
        lane.has_begun = rendition.shown_until > 0
        lane.segment_duration = rendition.segment_duration
        lane.newest = lane.end_time
        lane._in_step = lane.end
        lane._longest_interval = max(2 * video_frame, USUAL_INTERVAL)
        return lane

    @property
    def has_pending(self) -> bool:
        return bool(self._pending)

    @property
    def has_overdue(self) -> bool:
        """True if a pending sample is shown before one that is in a part."""
        return any(sample.time + sample.cts < self.shown_end for sample in self._pending)

    @property
    def pending_count(self) -> int:
        return len(self._pending)

    @property
    def pending_span(self) -> int:
        """From the beginning of the first pending sample to the end of the last one, in 90 kHz."""
        if not self._pending:
            return 0
        last = self._pending[-1]
        return self.to_clock(last.time + last.duration - self._pending[0].time)

    @property
    def first_item(self) -> Item | None:
        """The unit with which the pending samples begin."""
        return self._pending[0].item if self._pending else None

    @property
    def first_time(self) -> int:
        """Program time (90 kHz) at which the pending samples begin, or will."""
        return self.to_clock(self._pending[0].time) if self._pending else self.end_time

    @property
    def first_sent_time(self) -> int:
        """The same by what the encoder said, which is how long parts and segments are."""
        return self.to_clock(self._pending[0].time - self._pending[0].moved) if self._pending else self.end_time

    def first_shown(self, delay: int) -> int:
        """Program time (90 kHz) at which the first of the pending samples to be shown is.

        `delay` is how much later than it is decoded a key frame is shown: what is sent first behind another picture is
        mostly shown behind those that are sent after it.
        """
        first = self._pending[0] if self._pending else None
        if first is not None and self.track is VIDEO and not first.unit.is_key:
            return self.to_clock(first.time) + delay
        return self.to_clock(first.time + first.cts) if first is not None else self.end_time

    @property
    def last_shown(self) -> int:
        """Program time (90 kHz) at which all that has come has been shown."""
        return self.to_clock(max([self.shown_end, *[s.time + s.cts + s.duration for s in self._pending]]))

    @property
    def end_time(self) -> int:
        """Program time (90 kHz) of the end of what has been cut."""
        return self.to_clock(self.end)

    @property
    def shown_end_time(self) -> int:
        """Program time (90 kHz) at which all that has been cut has been shown."""
        return min(self.to_clock(self.shown_end), self.end_time + MAX_DELAY_TICKS)

    def to_clock(self, time: int) -> int:
        """A time of the rendition's timescale in 90 kHz."""
        return time * CLOCK_RATE // self.timescale

    def from_clock(self, time: int) -> int:
        """A time of 90 kHz in the rendition's timescale."""
        return time * self.timescale // CLOCK_RATE

    # -- what comes in ----------------------------------------------------------------------------

    def join(self) -> None:
        """Go on with another source."""
        self.cursor = NOWHERE
        self.is_joining = True

    def add(self, item: Item, unit: Unit, program_time: int) -> None:
        """Take a unit whose program time is given (90 kHz), if it is wanted."""
        if item.place < self.cursor:
            return
        if self.track is VIDEO:
            self._add_video(item, unit, program_time)
        else:
            self._add_audio(item, unit, program_time)

    def _add_video(self, item: Item, unit: Unit, time: int) -> None:
        pending = self._pending
        shown, frame = time + unit.cts, self.frame_duration
        is_first = self.is_joining
        if is_first:
            if not unit.is_key or self.shown_end - shown > frame:
                self._drop(item)
                return
            # At the very beginning there is nothing to follow, and all times stay those that were sent.
            self._seam = Seam.between(max(self.end, shown), time, frame) if self.has_begun else None
            self._leading_until = 0 if self._is_idr(unit) else shown
            self.is_joining, self.has_begun = False, True
        elif shown < self._leading_until:
            self._drop(item)
            return
        sent = time
        if self._seam is not None:
            time = self._seam.decode_time(time)
        # The last frame before a pause was given a usual length, and that may have been too long.
        time = max(time, pending[-1].time + 1 if pending else self.end)
        if pending:
            self._set_last(time)
        self._append(
            item,
            unit,
            time,
            max(shown - time, 0),
            follows=True,
            moved=time - sent if is_first and self._seam is not None else 0,
        )

    def _is_idr(self, unit: Unit) -> bool:
        """Whether nothing after it needs anything before it: not where GOPs are open (ITU-T H.264, 7.4.1.2.4)."""
        try:
            return has_idr(unit.payload, parse_record(self.config.record).length_size)
        except ValueError:  # what cannot be read leads to no conclusion
            return True

    def _add_audio(self, item: Item, unit: Unit, program_time: int) -> None:
        pending = self._pending
        measured = self.from_clock(program_time)
        expected = pending[-1].time + pending[-1].duration if pending else self.end
        ahead = measured - expected
        # Asked first for speed: frame after frame is where it is expected, and no overlap is below 0.
        if ahead < 0 and ahead < -self._overlap(measured):
            self._drop(item)
            return
        if self.is_joining or ahead >= -AUDIO_OVERLAP_S * self.timescale:
            self._in_step = measured
        self.is_joining = False
        time, follows = expected, True
        if ahead > AUDIO_SNAP_S * self.timescale:
            time, follows = measured, ahead <= 2 * self.frame_duration
            if pending and follows:
                pending[-1].duration += ahead
        self._append(item, unit, time, 0, follows=follows)

    def _overlap(self, measured: int) -> float:
        """How far sound of that time may lie before the end of what came before it."""
        if self.is_joining:
            return self.frame_duration / 2  # what lies further back was heard of the other source
        is_in_step = measured - self._in_step < AUDIO_OUT_OF_STEP_S * self.timescale
        return (AUDIO_BURST_S if is_in_step else AUDIO_OVERLAP_S) * self.timescale

    def _append(self, item: Item, unit: Unit, time: int, cts: int, *, follows: bool, moved: int = 0) -> None:
        self.has_gap = self.has_gap or bool(self._pending and not follows)
        self._pending.append(_Pending(time, self.frame_duration, cts, follows, moved, unit, item))
        self.newest = self.to_clock(time)

    def _drop(self, item: Item) -> None:
        if not self._pending:
            self.cursor = _after(item)

    def close_ranks(self, delay: int) -> None:
        """Nothing follows: let no pending picture wait for one that was to be shown before it and never came.

        `delay` is how much later than it is decoded a key frame is shown. Each picture then has its time as it would
        if the encoder had known that it was to end here.
        """
        if not self._pending:
            return
        limit = self._pending[-1].time + self._pending[-1].duration + delay
        for sample in sorted(self._pending, key=lambda sample: sample.time + sample.cts, reverse=True):
            limit -= self.frame_duration
            if sample.time + sample.cts <= limit + self.frame_duration // 2:
                return
            sample.cts = max(limit - sample.time, 0)

    def drop_pending(self) -> None:
        """Drop what is in no part yet: who goes on has it."""
        self._pending.clear()
        self.has_gap = False

    def drop_from(self, program_time: int) -> None:
        """Drop the pending samples that begin at this program time (90 kHz) or later."""
        del self._pending[self.count_before(program_time) :]
        self.has_gap = not all(sample.follows for sample in self._pending[1:])

    def settle(self, program_time: int) -> None:
        """Note where the last pending picture ends: at this program time the next one begins."""
        if self._pending and self.track is VIDEO:
            end = program_time if self._seam is None else self._seam.decode_time(program_time)
            self._set_last(max(end, self._pending[-1].time + 1))

    def _set_last(self, end: int) -> None:
        last = self._pending[-1]
        last.duration = end - last.time
        if last.duration <= self._longest_interval and (self._seam is None or last.time >= self._seam.last):
            self.frame_duration = last.duration

    # -- what goes out ----------------------------------------------------------------------------

    def count_before(self, program_time: int) -> int:
        """How many pending samples begin before this program time (90 kHz)."""
        limit = self.from_clock(program_time)
        return sum(1 for sample in self._pending if sample.time < limit)

    def count_fitting(self, room: int, most: int) -> int:
        """How many of the first `most` pending samples, without a gap between them, fit into `room` (90 kHz)."""
        left, count = self.from_clock(room), 0
        for sample in self._pending[:most]:
            left -= sample.duration
            if left < 0 or (count and not sample.follows):
                break
            count += 1
        return count

    def duration_of(self, count: int) -> int:
        """How long the first `count` pending samples are, in 90 kHz."""
        return self.to_clock(sum(sample.duration for sample in self._pending[:count]))

    def has_gap_at(self, count: int) -> bool:
        """True if there is a gap before the pending sample with this index."""
        return count < len(self._pending) and not self._pending[count].follows

    def cut(self, count: int) -> Cut | None:
        """Take the first `count` samples; None if that is none."""
        taken = self._pending[:count]
        if not taken:
            return None
        del self._pending[:count]
        begin, last = taken[0].time, taken[-1]
        self.end = last.time + last.duration
        self.shown_end = max([self.shown_end, *[s.time + s.cts + s.duration for s in taken]])
        self.has_gap = self.has_gap and not all(sample.follows for sample in self._pending[1:])
        self.newest = max(self.newest, self.end_time) if not self._pending else self.newest
        self.cursor = self._pending[0].item.place if self._pending else _after(last.item)
        self.segment_duration += self.end - begin + taken[0].moved
        samples = tuple([Sample(s.unit.payload, s.duration, s.cts, s.unit.is_key) for s in taken])
        return Cut(self.number, begin, self.end - begin, self.shown_end - self.end, samples, taken[0].moved)


def _after(item: Item) -> Place:
    """Behind its last piece: an heir may begin to read with that, and must know it again."""
    place = item.ends
    return Place(place.connection, place.n, place.unit + 1)
