"""Which segments of a recording cover a piece of it, and the index of a recording of these alone. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from headwater.internal.v1.cmaf_pb2 import End, Index, Recording, Rendition, Segment, SegmentRendition
from services.archiver.index import InitKey, Tally, lasting_segment, make_index, needed
from services.common.keys import INDEX_SEGMENTS
from services.common.media.duration import listed_us

LEAD = 16
"""Segments before a piece that are looked through for the key frame that it needs: half a minute at least."""
TOLERANCE_US = 500
"""Who asks for a time in milliseconds means the picture there."""


@dataclass
class Excerpt:
    """Takes a recording's index objects in order, and keeps the segments that cover [start_us, end_us), in microseconds
    from its beginning, and those just before them, of which the first key frame may be.
    """

    of: Recording
    start_us: int
    end_us: int
    segments: list[Segment] = field(default_factory=list)
    """As they are numbered in the recording; what is said of them may be changed."""
    lead: list[Segment] = field(default_factory=list)
    """The last ones before."""
    begins_us: int = 0
    """Where the first of `segments` begins, as `add` has found it."""
    last_begins_us: int = 0
    _renditions: dict[InitKey, Rendition] = field(default_factory=dict)
    _at_us: int = 0

    def add(self, index: Index) -> None:
        """Take the next index object."""
        for segment in index.segments:
            begins_us = self._at_us
            self._at_us += self.length_us(segment)
            if self._at_us <= self.start_us + TOLERANCE_US:
                self.lead = [*self.lead[1 - LEAD :], segment]
            elif begins_us < self.end_us - TOLERANCE_US or not self.segments:
                self.begins_us = self.begins_us if self.segments else begins_us
                self.last_begins_us = begins_us
                self.segments.append(_copy(segment))
        for rendition in index.renditions:
            self._renditions.setdefault((rendition.name, rendition.init_id), rendition)

    def take_lead(self, count: int) -> None:
        """The piece begins so many segments earlier."""
        self.segments[:0] = map(_copy, self.lead[len(self.lead) - count :])

    @cached_property
    def leading(self) -> str:
        """The rendition by whose segments players count time: the first with pictures."""
        renditions = sorted(self.of.renditions, key=lambda each: (each.kind != Rendition.VIDEO, each.number))
        return renditions[0].name if renditions else ""

    def length_us(self, segment: Segment) -> int:
        """As the playlist of the leading rendition says it."""
        mine = next((each for each in segment.renditions if each.name == self.leading), None)
        return listed_us(mine, segment.renditions)

    def rendition(self, told: SegmentRendition) -> Rendition | None:
        """What a segment's rendition is of, with its init segment."""
        return self._renditions.get((told.name, told.init_id))

    @property
    def is_past_end(self) -> bool:
        """Whether what comes after the index objects that were taken is not wanted."""
        return self._at_us >= self.end_us

    @property
    def renditions(self) -> list[Rendition]:
        """Those that the segments need, with init segments."""
        return _found(self._renditions, self.segments)

    def indexes(self, clip: str) -> Iterator[Index]:
        """The index objects of a recording of these segments, numbered from 0; dates and decode times stay."""
        for start in range(0, len(self.segments), INDEX_SEGMENTS):
            chosen = []
            for msn, segment in enumerate(self.segments[start : start + INDEX_SEGMENTS], start):
                renumbered = lasting_segment(segment)
                renumbered.msn = msn
                chosen.append(renumbered)
            yield make_index(clip, chosen, _found(self._renditions, chosen))

    def recording(self, clip: str, indexes: Sequence[Index]) -> Recording:
        """What is said of the whole."""
        tally = Tally()
        for index in indexes:
            tally.add(index)
        first, last = self.segments[0], self.segments[-1]
        return tally.recording(
            livestream=self.of.livestream_id,
            broadcast=clip,
            start_time_us=first.program_time_us,
            end=End(reason=self.of.end.reason, time_us=last.program_time_us + self.length_us(last)),
        )


def _found(known: dict[InitKey, Rendition], segments: Sequence[Segment]) -> list[Rendition]:
    return [known[key] for key in needed(segments) if key in known]


def _copy(segment: Segment) -> Segment:
    copy = Segment()
    copy.CopyFrom(segment)
    return copy
