"""The first and the last segment of a clip, cut to the picture: from the last key frame at or before its beginning.

Only these two are read; all between is copied as it is. Cut again they are the same, byte for byte.
"""

from dataclasses import dataclass
from typing import NamedTuple

from headwater.internal.v1.cmaf_pb2 import Rendition, Segment, SegmentRendition
from services.archiver import cutting
from services.archiver.excerpt import TOLERANCE_US, Excerpt
from services.archiver.repository import Recordings
from services.common import keys
from services.common.media.fragment import FragmentSample
from services.common.media.init_segment import InitSegment, read_init


@dataclass(frozen=True, slots=True)
class _Track:
    """One rendition of a segment, read."""

    data: bytes
    init: InitSegment
    samples: list[FragmentSample]

    def us(self, ticks: int) -> int:
        return cutting.time_us(ticks, self.init)

    @property
    def shown_from_us(self) -> int:
        return self.us(cutting.shown_from(self.samples))

    def ticks(self, time_us: int) -> int:
        return time_us * self.init.timescale // 1_000_000


class _Span(NamedTuple):
    """What is kept of a segment; None: from or to where it is."""

    begin_us: int | None
    last_us: int | None
    """When the last picture is shown that is kept."""
    end_us: int | None
    """Until when it is."""


_WHOLE = _Span(None, None, None)


class ClipEnds:
    """Settles where a clip begins and ends, and cuts there. ValueError for a segment that is malformed."""

    def __init__(self, recordings: Recordings, source: str, excerpt: Excerpt) -> None:
        self._recordings = recordings
        self._source = source
        self._excerpt = excerpt
        self._begin_us: int | None = None
        self._last_us: int | None = None
        self._end_us: int | None = None
        self._inits: dict[tuple[str, str], InitSegment] = {}
        self._written: dict[int, set[str]] = {}

    async def settle(self) -> None:
        """Find the key frame and the last picture; the excerpt then has the segments between, and no other."""
        await self._settle_begin()
        await self._settle_end()

    async def _settle_begin(self) -> None:
        excerpt, first = self._excerpt, self._excerpt.segments[0]
        track = await self._leading(first)
        if track is None:
            return
        until_us = track.shown_from_us + max(excerpt.start_us - excerpt.begins_us, 0) + TOLERANCE_US
        place, back = cutting.last_key(track.samples, track.ticks(until_us)), 0
        while place is None and back < len(excerpt.lead):
            back += 1
            track = await self._leading(excerpt.lead[-back])
            if track is None:
                return  # what was lost cannot be decoded across
            place = cutting.last_key(track.samples, cutting.shown(track.samples[-1]) + track.init.timescale)
        if place is None:
            return
        excerpt.take_lead(back)
        if place or len(cutting.from_key(track.samples, place)) < len(track.samples):
            self._begin_us = track.us(cutting.shown(track.samples[place]))
            excerpt.segments[0].program_time_us += self._begin_us - track.shown_from_us

    async def _settle_end(self) -> None:
        excerpt = self._excerpt
        left_us = excerpt.end_us - excerpt.last_begins_us
        if left_us >= excerpt.length_us(excerpt.segments[-1]) - TOLERANCE_US:
            return
        track = await self._leading(excerpt.segments[-1])
        if track is None:
            return
        end = track.ticks(track.shown_from_us + left_us - TOLERANCE_US)
        kept = cutting.until(track.samples, end)
        if not kept and len(excerpt.segments) > 1:
            excerpt.segments.pop()
        elif len(kept) < len(track.samples):
            kept = kept or track.samples[:1]
            last = max(kept, key=cutting.shown)
            self._last_us, self._end_us = track.us(cutting.shown(last)), track.us(cutting.shown(last) + last.duration)

    async def write(self, prefix: str) -> None:
        """Write the two as objects of the clip, as far as they are cut, and what the excerpt says of them."""
        last = len(self._excerpt.segments) - 1
        for msn in sorted({0, last}):
            begin_us = self._begin_us if msn == 0 else None
            span = _Span(begin_us, *((self._last_us, self._end_us) if msn == last else (None, None)))
            segment = self._excerpt.segments[msn]
            for told in segment.renditions:
                track = await self._read(segment, told) if told.length and span != _WHOLE else None
                if track is not None:  # of what is not there copying will say so
                    await self._recordings.put_cut(prefix, told.name, msn, self._cut(track, told, span))
                    self._written.setdefault(msn, set()).add(told.name)

    def _cut(self, track: _Track, told: SegmentRendition, span: _Span) -> bytes:
        """What is kept of a rendition; `told` then says how much that is."""
        kept = self._kept(track, told, span)
        data = cutting.write(track.data, kept, track.init)
        end = told.decode_time + told.duration if span.end_us is None else kept[-1].dts + kept[-1].duration
        told.decode_time = told.decode_time if span.begin_us is None else kept[0].dts
        told.duration, told.length = max(end - told.decode_time, 0), len(data)
        return data

    def _kept(self, track: _Track, told: SegmentRendition, span: _Span) -> list[FragmentSample]:
        tolerance = track.ticks(TOLERANCE_US)
        begin = None if span.begin_us is None else track.ticks(span.begin_us)
        rendition = self._excerpt.rendition(told)
        if rendition is None or rendition.kind != Rendition.VIDEO:
            end = None if span.end_us is None else track.ticks(span.end_us)
            nearest = track.samples[-1:] if end is None else track.samples[:1]
            return cutting.sounding(track.samples, begin, end) or nearest
        kept = list(track.samples)
        if begin is not None:
            kept = cutting.from_key(kept, cutting.last_key(kept, begin + tolerance) or 0)
        if span.last_us is not None:
            kept = cutting.until(kept, track.ticks(span.last_us) + tolerance) or kept[:1]
        return kept

    def written(self, msn: int) -> set[str]:
        """The names of the renditions of a segment of the clip that need not be copied."""
        return self._written.get(msn, set())

    async def _leading(self, segment: Segment) -> _Track | None:
        """The rendition that players count time by; None where it was lost."""
        told = next((each for each in segment.renditions if each.name == self._excerpt.leading), None)
        return await self._read(segment, told) if told is not None and told.length else None

    async def _read(self, segment: Segment, told: SegmentRendition) -> _Track | None:
        rendition = self._excerpt.rendition(told)
        data = await self._recordings.store.get(keys.segment(self._source, told.name, segment.msn))
        if data is None or rendition is None:
            return None
        key = (told.name, told.init_id)
        if key not in self._inits:
            self._inits[key] = read_init(rendition.init)
        samples = cutting.samples_of(data, self._inits[key])
        return _Track(data, self._inits[key], samples) if samples else None
