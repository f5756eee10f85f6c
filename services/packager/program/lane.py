"""One rendition in the making: samples that are in no part yet. Pure."""

import hashlib
from dataclasses import dataclass, field

from headwater.internal.v1.cmaf_pb2 import Rendition
from services.common.media.aac import parse_config
from services.common.media.avc import parse_record
from services.common.media.unit import CLOCK_RATE, Codec, Config, Track, Unit
from services.packager.cmaf.init import audio_init, video_init
from services.packager.cmaf.part import Sample
from services.packager.program.ordering import Item, Place

AUDIO_SNAP_S = 0.003
"""An audio frame this near to where the last one ended follows it exactly: encoders stamp it in whole milliseconds."""

AUDIO_OVERLAP_S = 0.06
"""An audio frame that lies this far before the end of the last one is dropped: sound may not be heard twice."""


def describe(config: Config, number: int) -> Rendition:
    """The rendition of a track with this config. ValueError in words if the config cannot be packaged."""
    if config.codec is Codec.H264:
        avc = parse_record(config.record)
        rate = float(avc.picture.vui.frame_rate or 0)
        found = Rendition(
            number=number,
            name="video",
            kind=Rendition.VIDEO,
            codecs=avc.codec,
            timescale=CLOCK_RATE,
            width=avc.picture.width,
            height=avc.picture.height,
            frame_rate=rate,
            init=video_init(avc),
        )
    else:
        aac = parse_config(config.record)
        found = Rendition(
            number=number,
            name="audio",
            kind=Rendition.AUDIO,
            codecs=aac.codec,
            timescale=aac.sample_rate,
            channels=aac.channels,
            sample_rate=aac.sample_rate,
            init=audio_init(aac),
        )
    found.config = config.record
    found.init_id = hashlib.sha256(found.init).hexdigest()[:12]
    return found


@dataclass(slots=True)
class _Pending:
    time: int
    duration: int
    cts: int
    is_key: bool
    payload: bytes
    item: Item


@dataclass(frozen=True, slots=True)
class Cut:
    """Samples that make one part."""

    number: int
    decode_time: int
    duration: int
    samples: tuple[Sample, ...]

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
    cursor: Place = field(default_factory=lambda: Place(0, 0, 0))
    """The next unit that is in no part."""
    is_joining: bool = True
    """Video: wait for a key frame."""
    dropped: int = 0
    _pending: list[_Pending] = field(default_factory=list)

    @classmethod
    def open(cls, config: Config, rendition: Rendition) -> "Lane":
        """A lane for a rendition that goes on at its next decode time."""
        is_video = config.track is Track.VIDEO
        frame = CLOCK_RATE // 30 if is_video else parse_config(config.record).frame_length
        return cls(config.track, rendition.number, rendition.timescale, frame, config, end=rendition.next_decode_time)

    @property
    def has_pending(self) -> bool:
        return bool(self._pending)

    @property
    def first_item(self) -> Item | None:
        """The unit with which the pending samples begin."""
        return self._pending[0].item if self._pending else None

    @property
    def first_time(self) -> int | None:
        """Program time (90 kHz) at which the pending samples begin."""
        return self._on_clock(self._pending[0].time) if self._pending else None

    @property
    def first_shown(self) -> int | None:
        """Program time (90 kHz) at which the first pending sample is shown."""
        return self._on_clock(self._pending[0].time + self._pending[0].cts) if self._pending else None

    @property
    def last_time(self) -> int | None:
        return self._on_clock(self._pending[-1].time) if self._pending else None

    @property
    def end_time(self) -> int:
        """Program time (90 kHz) of the end of what has been cut."""
        return self._on_clock(self.end)

    def _on_clock(self, time: int) -> int:
        return time * CLOCK_RATE // self.timescale

    def add(self, item: Item, unit: Unit, program_time: int) -> bool:
        """Take a unit whose program time is given (90 kHz); False if it is not wanted."""
        if item.place < self.cursor:
            return False
        if self.track is Track.VIDEO:
            return self._add_video(item, unit, program_time)
        return self._add_audio(item, unit, program_time)

    def _add_video(self, item: Item, unit: Unit, time: int) -> bool:
        late = self.end - time
        if (self.is_joining and not unit.is_key) or late > self.frame_duration:
            self._drop(item)
            return False
        if late > 0:
            # The last frame before a pause was given a usual length, and that was a little too long.
            time = self.end
        self.is_joining = False
        if self._pending and time > self._pending[-1].time:
            self._pending[-1].duration = self.frame_duration = time - self._pending[-1].time
        self._append(item, unit, time, unit.cts - min(max(late, 0), unit.cts))
        return True

    def _add_audio(self, item: Item, unit: Unit, program_time: int) -> bool:
        measured = program_time * self.timescale // CLOCK_RATE
        expected = self._pending[-1].time + self.frame_duration if self._pending else self.end
        ahead = measured - expected
        if ahead < -AUDIO_OVERLAP_S * self.timescale:
            self._drop(item)
            return False
        time = measured if ahead > AUDIO_SNAP_S * self.timescale else expected
        if self._pending:
            self._pending[-1].duration = time - self._pending[-1].time
        self._append(item, unit, time, 0)
        return True

    def _append(self, item: Item, unit: Unit, time: int, cts: int) -> None:
        self._pending.append(_Pending(time, self.frame_duration, cts, unit.is_key, unit.payload, item))

    def _drop(self, item: Item) -> None:
        self.dropped += 1
        if not self._pending:
            self.cursor = _after(item.place)

    def count_before(self, program_time: int) -> int:
        """How many pending samples begin before this program time (90 kHz)."""
        limit = program_time * self.timescale // CLOCK_RATE
        return sum(1 for sample in self._pending if sample.time < limit)

    def duration_of(self, count: int) -> int:
        """Duration of the first `count` pending samples."""
        return sum(sample.duration for sample in self._pending[:count])

    def cut(self, count: int, *, until: int | None = None) -> Cut | None:
        """Take the first `count` samples; `until` is where the last one ends (video, in the timescale)."""
        taken = self._pending[:count]
        if not taken:
            return None
        if until is not None:
            taken[-1].duration = max(until - taken[-1].time, 1)
        del self._pending[:count]
        self.end = taken[-1].time + taken[-1].duration
        self.cursor = self._pending[0].item.place if self._pending else _after(taken[-1].item.place)
        samples = tuple(Sample(s.payload, s.duration, s.cts, s.is_key) for s in taken)
        return Cut(self.number, taken[0].time, self.end - taken[0].time, samples)

    @property
    def pending_count(self) -> int:
        return len(self._pending)


def _after(place: Place) -> Place:
    return Place(place.connection, place.n, place.index + 1)
