"""The index of a recording, and the sums that its last object says. Pure: all of it follows from the segments.

A segment whose media was lost stays in the index with renditions of no length: playlists may say that it is a gap.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from headwater.internal.v1.cmaf_pb2 import End, Index, Recording, Rendition, Segment
from services.common.keys import INDEX_SEGMENTS

InitKey = tuple[str, str]
"""Name of the rendition and id of its init segment."""


def count_objects(segment_count: int) -> int:
    """How many index objects a recording has."""
    return -(-segment_count // INDEX_SEGMENTS)


def segments_of(number: int, segment_count: int) -> range:
    """Media sequence numbers in index object `number` of a recording of so many segments."""
    return range(number * INDEX_SEGMENTS, min((number + 1) * INDEX_SEGMENTS, segment_count))


def lasting(rendition: Rendition) -> Rendition:
    """What of a rendition's state is the same whenever it is read, so that all archivers write the same."""
    return Rendition(
        number=rendition.number,
        name=rendition.name,
        kind=rendition.kind,
        codecs=rendition.codecs,
        timescale=rendition.timescale,
        width=rendition.width,
        height=rendition.height,
        frame_rate=rendition.frame_rate,
        channels=rendition.channels,
        sample_rate=rendition.sample_rate,
        init_id=rendition.init_id,
        init=rendition.init,
        config=rendition.config,
        part_target_us=rendition.part_target_us,
    )


def lasting_segment(segment: Segment) -> Segment:
    """A segment without what only the log needs, and what the index says once for all."""
    return Segment(
        msn=segment.msn,
        renditions=segment.renditions,
        program_time_us=segment.program_time_us,
        discontinuity_sequence=segment.discontinuity_sequence,
        record=segment.record,
        target_duration_s=segment.target_duration_s,
    )


def lost(segment: Segment) -> Segment:
    """The record of a segment that cannot be stored."""
    found = Segment()
    found.CopyFrom(segment)
    for rendition in found.renditions:
        rendition.length = 0
    return found


def needed(segments: Iterable[Segment]) -> list[InitKey]:
    """The init segments that these segments need, each once, in order of use."""
    keys = ((rendition.name, rendition.init_id) for segment in segments for rendition in segment.renditions)
    return list(dict.fromkeys(keys))


def make_index(broadcast: str, segments: Sequence[Segment], renditions: Iterable[Rendition]) -> Index:
    """An index object; the same whoever writes it."""
    tally = Tally()
    index = Index(broadcast_id=broadcast)
    for segment in segments:
        index.segments.append(lasting_segment(segment))
        tally.add_segment(segment)
    index.renditions.extend(tally.measured(rendition) for rendition in renditions)
    return index


class Tally:
    """Counts a recording's segments, in order."""

    def __init__(self) -> None:
        self.segment_count = 0
        self.size_bytes = 0
        self.target_duration_s = 0
        self.renditions: dict[InitKey, Rendition] = {}
        self._bytes: dict[int, int] = defaultdict(int)
        self._ticks: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self._peaks: dict[int, int] = defaultdict(int)

    def add(self, index: Index) -> None:
        """Count an index object."""
        for segment in index.segments:
            self.add_segment(segment)
        for rendition in index.renditions:
            self.renditions.setdefault((rendition.name, rendition.init_id), rendition)

    def add_segment(self, segment: Segment) -> None:
        """Count one segment."""
        self.segment_count += 1
        self.target_duration_s = max(self.target_duration_s, segment.target_duration_s)
        for each in segment.renditions:
            if not each.duration or not each.timescale:
                continue
            self.size_bytes += each.length
            self._bytes[each.number] += each.length
            self._ticks[each.number][each.timescale] += each.duration
            bits = each.length * 8 * each.timescale // each.duration
            self._peaks[each.number] = max(self._peaks[each.number], bits)

    @property
    def duration_us(self) -> int:
        """Of the rendition that lasts longest."""
        return max((self._duration_us(number) for number in self._ticks), default=0)

    def _duration_us(self, number: int) -> int:
        return sum(ticks * 1_000_000 // timescale for timescale, ticks in self._ticks[number].items())

    def measured(self, rendition: Rendition) -> Rendition:
        """The rendition with the bandwidths of what was counted (RFC 8216bis 4.4.6.2)."""
        found = lasting(rendition)
        number, duration_us = rendition.number, self._duration_us(rendition.number)
        found.peak_bandwidth = self._peaks[number]
        found.total_bytes = self._bytes[number]
        if duration_us:
            found.average_bandwidth = self._bytes[number] * 8_000_000 // duration_us
        return found

    def recording(self, *, livestream: str, broadcast: str, start_time_us: int, end: End) -> Recording:
        """What is said of the whole."""
        return Recording(
            livestream_id=livestream,
            broadcast_id=broadcast,
            segment_count=self.segment_count,
            size_bytes=self.size_bytes,
            duration_us=self.duration_us,
            start_time_us=start_time_us,
            end=end,
            target_duration_s=self.target_duration_s,
            index_count=count_objects(self.segment_count),
            renditions=[self.measured(rendition) for rendition in self.renditions.values()],
        )
