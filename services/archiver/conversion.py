"""One file out of a recording, segment by segment: never more of it in memory than two segments and an upload's part.

The first pass reads the parts' heads, the second copies the media; see `mp4.assembly`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

from headwater.internal.v1.cmaf_pb2 import Index, Recording, Rendition, Segment, SegmentRendition
from services.archiver.making import MakingError, Report
from services.archiver.mp4.assembly import Assembly
from services.archiver.repository import Recordings
from services.common import keys
from services.common.media.unit import Track

FORMATS = {"MP4": ("video/mp4", (Track.VIDEO, Track.AUDIO)), "M4A": ("audio/mp4", (Track.AUDIO,))}
"""Content type and tracks of each format."""

_MIB = 1 << 20
_PART_BYTES, _MOST_PARTS = 8 * _MIB, 9_000
"""S3 takes at most 10,000 parts."""

_KINDS = {Rendition.VIDEO: Track.VIDEO, Rendition.AUDIO: Track.AUDIO}


class Conversion:
    """Makes one file. Errors of `run`: MakingError, those of the store, and what `report` raises."""

    def __init__(self, recordings: Recordings, prefix: str, file_format: str, report: Report) -> None:
        self._recordings = recordings
        self._prefix = prefix
        self._format = file_format
        self._content_type, self._tracks = FORMATS[file_format]
        self._report = report
        self._assembly = Assembly()
        self._chosen: dict[Track, int] = {}

    async def run(self) -> int:
        """Make the file; its size in bytes."""
        recording = await self._recordings.recording(self._prefix)
        if recording is None:
            raise MakingError("the recording is not there")
        try:
            await self._survey(recording)
            header = await asyncio.to_thread(self._assembly.header)
        except (ValueError, KeyError) as error:
            raise MakingError(f"the recording does not fit into {self._format}: {error}") from error
        size = len(header) + self._assembly.media_bytes
        part_bytes = max(_PART_BYTES, -(-size // _MOST_PARTS))
        key = keys.download(self._prefix, self._format)
        return await self._recordings.store.put_stream(
            key, self._file(header, size), self._content_type, part_bytes=part_bytes
        )

    async def _survey(self, recording: Recording) -> None:
        done = 0
        for number in range(recording.index_count):
            index = await self._recordings.index(self._prefix, number)
            if index is None:
                raise MakingError(f"part {number} of the recording's index is not there")
            tracks = self._tracks_of(index)
            for segment in index.segments:
                for track, rendition in _wanted(segment, tracks):
                    await self._add(track, rendition, segment.msn)
                done += 1
                await self._report(50 * done / max(recording.segment_count, 1))
        if not self._chosen:
            raise MakingError("the recording has no sound" if self._format == "M4A" else "the recording is empty")

    def _tracks_of(self, index: Index) -> dict[int, Track]:
        """The track that each rendition's number stands for; of several of a kind the first."""
        for rendition in index.renditions:
            track = _KINDS.get(rendition.kind)
            if track not in self._tracks or self._chosen.setdefault(track, rendition.number) != rendition.number:
                continue
            self._assembly.add_init(track, rendition.init_id, rendition.init)
        return {number: track for track, number in self._chosen.items()}

    async def _add(self, track: Track, rendition: SegmentRendition, msn: int) -> None:
        key = keys.segment(self._prefix, rendition.name, msn)
        self._assembly.add_segment(track, rendition.init_id, key, await self._read(key))

    async def _file(self, header: bytes, size: int) -> AsyncIterator[bytes]:
        written = len(header)
        yield header
        for copy in self._assembly.copies():
            data = await self._read(copy.key)
            for chunk in (copy.prefix, *(data[offset : offset + length] for offset, length in copy.ranges)):
                written += len(chunk)
                yield chunk
            await self._report(50 + 50 * written / size)

    async def _read(self, key: str) -> bytes:
        data = await self._recordings.store.get(key)
        if data is None:
            raise MakingError(f"a segment of the recording is not there: {key}")
        return data


def _wanted(segment: Segment, tracks: dict[int, Track]) -> Iterator[tuple[Track, SegmentRendition]]:
    """Pictures first, so that a player that downloads the file need not hold much; without what was lost."""
    for rendition in sorted(segment.renditions, key=lambda each: tracks.get(each.number, 0)):
        if rendition.length and rendition.number in tracks:
            yield tracks[rendition.number], rendition
