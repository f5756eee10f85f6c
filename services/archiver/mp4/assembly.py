"""The plan of one progressive file: pass 1 reads the parts' heads, pass 2 copies media behind the finished header.

Held in memory: the sample tables (about 16 bytes a sample of video, 4 of audio) and what to copy (about 200 bytes a
segment); never media.
"""

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from services.archiver.mp4.progressive import file_type, movie
from services.archiver.mp4.sample_table import SampleTable
from services.common.media.box import data_header
from services.common.media.fragment import read_segment
from services.common.media.init_segment import InitSegment, read_init
from services.common.media.movie import AUDIO_HANDLER, VIDEO_HANDLER
from services.common.media.unit import Track

_HANDLERS = {Track.VIDEO: VIDEO_HANDLER, Track.AUDIO: AUDIO_HANDLER}
_MAX_32 = 0xFFFFFFFF


class Copy(NamedTuple):
    """What pass 2 writes of one segment object: `prefix`, then its media without the parts' heads."""

    key: str
    prefix: bytes
    """Nothing, except before the first picture after a change of codec configuration."""
    ranges: list[tuple[int, int]]
    """(offset, length) in bytes of the object."""


class Assembly:
    """Collects segments, then gives the header and the list of copies.

    Media lies in the file in the order in which segments were added: add video, then audio, segment by segment, so
    that a player that downloads the file need not hold much. Use: `add_init` and `add_segment` for each segment,
    then write `header()` and, for each of `copies()`, its prefix and its ranges.
    """

    def __init__(self) -> None:
        self.media_bytes = 0
        """Bytes that `copies` names; with the length of `header()` that of the file."""
        self._inits: dict[tuple[Track, str], InitSegment] = {}
        self._tables: dict[Track, SampleTable] = {}
        self._keys: list[str] = []
        self._prefixes: dict[int, bytes] = {}
        self._chunk_tracks = array("B")
        self._chunk_ranges = array("I")
        self._range_offsets = array("Q")
        self._range_lengths = array("I")

    def add_init(self, track: Track, init_id: str, data: bytes) -> None:
        """Make an init segment known. Again the same id is the same init segment. ValueError if it is malformed."""
        if (track, init_id) in self._inits:
            return
        init = read_init(data)
        if init.handler != _HANDLERS[track]:
            raise ValueError(f"init segment {init_id} is not of {track.name.lower()}")
        self._inits[track, init_id] = init

    def add_segment(self, track: Track, init_id: str, key: str, segment: bytes, *, is_skeleton: bool = False) -> None:
        """Append a segment: the object `key`, whose bytes, or the `skeleton` of them, are `segment`.

        KeyError if its init segment is not known; ValueError if it is malformed or earlier than the last of its
        track. After an error the assembly is of no further use.
        """
        init = self._inits[track, init_id]
        fragments = list(read_segment(segment, init, is_skeleton=is_skeleton))
        if track not in self._tables:
            self._tables[track] = SampleTable(init)
        prefix = self._tables[track].add_chunk(init, fragments)
        if prefix:
            self._prefixes[len(self._keys)] = prefix
        self._keys.append(key)
        self._chunk_tracks.append(track)
        self._chunk_ranges.append(len(fragments))
        self._range_offsets.extend(fragment.data_offset for fragment in fragments)
        self._range_lengths.extend(fragment.data_length for fragment in fragments)
        self.media_bytes += len(prefix) + sum(fragment.data_length for fragment in fragments)

    def header(self) -> bytes:
        """Write all that comes before the media: `ftyp`, `moov` and the head of `mdat`.

        ValueError if nothing was added, or if the tracks cannot stand in one file.
        """
        if not self._tables:
            raise ValueError("a file of no segment")
        tables = [self._tables[track] for track in sorted(self._tables)]
        head, tail = file_type(tables), data_header(b"mdat", self.media_bytes)
        # The length of `moov` does not depend on where it says chunks lie, so the first try only measures.
        start = len(head) + len(movie(tables, self._offsets(0), is_large=False)) + len(tail)
        is_large = start + self.media_bytes > _MAX_32
        if is_large:
            start += 4 * len(self._keys)
        return head + movie(tables, self._offsets(start), is_large=is_large) + tail

    def copies(self) -> Iterator[Copy]:
        """Name what follows the header, in order."""
        at = 0
        for number, (key, count) in enumerate(zip(self._keys, self._chunk_ranges, strict=True)):
            offsets, lengths = self._range_offsets[at : at + count], self._range_lengths[at : at + count]
            yield Copy(key, self._prefixes.get(number, b""), list(zip(offsets, lengths, strict=True)))
            at += count

    def _offsets(self, start: int) -> list["array[int]"]:
        """Where the chunks of each track begin, if the first begins at `start`."""
        offsets = {track: array("Q") for track in sorted(self._tables)}
        for track, copy in zip(self._chunk_tracks, self.copies(), strict=True):
            offsets[Track(track)].append(start)
            start += len(copy.prefix) + sum(length for _, length in copy.ranges)
        return list(offsets.values())
