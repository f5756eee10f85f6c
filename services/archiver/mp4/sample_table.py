"""One track's samples as they are found, segment by segment: about 16 bytes a sample of video, 4 of audio.

A chunk (ISO/IEC 14496-12, 8.7.1) is the media of one segment.
"""

from array import array
from collections.abc import Iterable, Iterator

from services.archiver.mp4.column import Runs
from services.common.media.avc import parameter_sets, parse_record
from services.common.media.fragment import Fragment, FragmentSample
from services.common.media.init_segment import InitSegment

MAX_DELTA = 0x7FFFFFFF
"""Ticks between two samples that readers take: 6.6 hours at 90 kHz. Some read `stts` as signed."""


class SampleTable:
    """The samples of one track in decoding order. Times are in ticks of the timescale of its first init segment."""

    def __init__(self, first: InitSegment) -> None:
        self.handler = first.handler
        self.timescale = first.timescale
        self.width, self.height = first.width, first.height
        self.entries: list[bytes] = []
        self.sizes = array("I")
        self.keys = array("I")
        """Numbers of the samples at which decoding may start; the first sample is number 1."""
        self.deltas = Runs()
        self.ctss = Runs()
        self.chunk_samples = array("I")
        self.chunk_entries = array("I")
        """Number of the sample entry of each chunk; the first entry is number 1."""
        self.first_dts = self.last_dts = 0
        self.first_pts = self.end_pts = 0
        """The earliest presentation time, and the latest end of a presentation."""
        self.end_dts = 0

    def add_chunk(self, init: InitSegment, fragments: Iterable[Fragment]) -> bytes:
        """Append the samples of one segment, and give what must stand before its media: mostly nothing.

        A hole since the last sample makes that one longer, so everything after it keeps its time.
        ValueError if the segment lies before what is already there.
        """
        before = len(self.sizes)
        for fragment in fragments:
            for sample in fragment.samples:
                self._add(sample, init.timescale)
        if len(self.sizes) == before:
            raise ValueError("a segment has no sample")
        self.chunk_samples.append(len(self.sizes) - before)
        entry = self._entry_number(init)
        is_changed = bool(self.chunk_entries) and self.chunk_entries[-1] != entry
        self.chunk_entries.append(entry)
        prefix = _in_band(init) if is_changed else b""
        self.sizes[before] += len(prefix)
        return prefix

    def _add(self, sample: FragmentSample, timescale: int) -> None:
        dts, pts, end = sample.dts, sample.dts + sample.cts, sample.dts + sample.duration
        if timescale != self.timescale:
            dts, pts, end = (_scale(time, timescale, self.timescale) for time in (dts, pts, end))
        if abs(pts - dts) > MAX_DELTA:
            raise ValueError(f"composition offset of {pts - dts} ticks; {MAX_DELTA} are possible")
        if not self.sizes:
            self.first_dts, self.first_pts = dts, pts
        elif dts != self.end_dts:
            self._reach(dts)
        self.sizes.append(sample.size)
        if sample.is_key:
            self.keys.append(len(self.sizes))
        self.deltas.append(min(end - dts, MAX_DELTA))
        self.ctss.append(pts - dts)
        self.last_dts, self.end_dts = dts, end
        self.first_pts = min(self.first_pts, pts)
        self.end_pts = max(self.end_pts, pts + end - dts)

    def _reach(self, dts: int) -> None:
        """Make the last sample last until `dts`."""
        delta = dts - self.last_dts
        if not 0 <= delta <= MAX_DELTA:
            raise ValueError(
                f"decode time goes from {self.last_dts} to {dts}; 0 to {MAX_DELTA} ticks forward are possible"
            )
        self.deltas.replace_last(delta)

    def _entry_number(self, init: InitSegment) -> int:
        if init.sample_entry not in self.entries:
            self.entries.append(init.sample_entry)
        return self.entries.index(init.sample_entry) + 1

    def chunk_runs(self) -> Iterator[tuple[int, int, int]]:
        """Give the rows of `stsc`: number of the first chunk, samples a chunk, sample entry."""
        last = (0, 0)
        for number, row in enumerate(zip(self.chunk_samples, self.chunk_entries, strict=True), 1):
            if row != last:
                yield number, *row
                last = row


def _in_band(init: InitSegment) -> bytes:
    """Parameter sets for the first picture after a change of the sample entry.

    The entry says them too (ISO/IEC 14496-15, 5.4.2), and decoders go by it. But ffmpeg's parser, which sees each
    picture before the decoder does, learns of new ones only from the stream: without these it complains of every
    picture after the change.
    """
    is_avc = init.sample_entry[4:8] == b"avc1"
    return parameter_sets(parse_record(init.record)) if is_avc else b""


def _scale(time: int, timescale: int, wanted: int) -> int:
    """Bring a time to the nearest tick of another timescale: for audio whose sample rate has changed."""
    return (time * wanted + timescale // 2) // timescale
