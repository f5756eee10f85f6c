"""Reading CMAF parts and segments back: one fragment (`moof` and `mdat`) a part (ISO/IEC 14496-12, 8.8; 23000-19, 7.5).

Samples here are the samples of ISO/IEC 14496-12: one coded picture or audio frame each.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from services.common.media.box import Box, boxes, child, fields, header
from services.common.media.init_segment import InitSegment

MAX_SAMPLES = 100_000
"""Samples in one fragment: two minutes of the busiest audio; a lie in `sample_count` must not become a long loop."""
MAX_SEGMENT_BYTES = 1 << 31
"""20 s at the highest bit rate a broadcast may have are 125 MB; beyond this a size is a lie."""
NON_SYNC = 0x00010000
"""The bit of the sample flags that says that decoding may not start here (8.8.3.1)."""

_U32 = struct.Struct(">I")
_TFHD_BASE_DATA_OFFSET, _TFHD_DESCRIPTION = 0x1, 0x2
_TFHD_DURATION, _TFHD_SIZE, _TFHD_FLAGS = 0x8, 0x10, 0x20
_TRUN_DATA_OFFSET, _TRUN_FIRST_FLAGS = 0x1, 0x4
_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_CTS = 0x100, 0x200, 0x400, 0x800


class FragmentSample(NamedTuple):
    """One sample. Times in ticks of the track's timescale."""

    dts: int
    cts: int
    """Presentation time less decode time."""
    duration: int
    is_key: bool
    offset: int
    """Of its first byte, from the start of the segment that was read."""
    size: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One part."""

    sequence: int
    base_decode_time: int
    samples: list[FragmentSample]
    data_offset: int
    """Of the first byte of media, from the start of the segment; the samples follow one another from here."""
    data_length: int


class _Run(NamedTuple):
    """Columns of a `trun`, each as long as the run."""

    data_offset: int
    durations: tuple[int, ...]
    sizes: tuple[int, ...]
    flags: tuple[int, ...]
    ctss: tuple[int, ...]


def read_segment(data: bytes, init: InitSegment, *, is_skeleton: bool = False) -> Iterator[Fragment]:
    """Read the parts of a segment (or one part), in order. ValueError says what is wrong.

    `is_skeleton`: `data` is what `skeleton` made; offsets are still those within the whole segment.
    """
    at = shift = 0
    movie: Box | None = None
    while at < len(data):
        found = header(data, at, len(data))
        is_cut = is_skeleton and found.kind == b"mdat"
        at = found.body if is_cut else found.end
        if at > len(data):
            raise ValueError(f"segment of {len(data)} bytes: a box ends at {at}")
        if found.end + shift > MAX_SEGMENT_BYTES:
            raise ValueError(f"segment of more than {MAX_SEGMENT_BYTES} bytes")
        if found.kind == b"moof":
            movie = found
        elif found.kind == b"mdat":
            if movie is None:
                raise ValueError("segment: media without a moof before it")
            yield _read_fragment(data, init, movie, found, shift)
            movie = None
        if is_cut:
            shift += found.end - found.body
    if movie is not None:
        raise ValueError("segment: a moof without media behind it")


def skeleton(segment: bytes) -> bytes:
    """Drop the media and keep the rest: about 1 KB that `read_segment` reads as if it were the segment."""
    return b"".join(segment[one.start : one.body if one.kind == b"mdat" else one.end] for one in boxes(segment))


def _read_fragment(data: bytes, init: InitSegment, movie: Box, media: Box, shift: int) -> Fragment:
    (sequence,) = fields(data, child(data, movie, "mfhd"), _U32, 4)
    tracks = [one for one in boxes(data, movie.body, movie.end) if one.kind == b"traf"]
    if len(tracks) != 1:
        raise ValueError(f"moof has {len(tracks)} track fragments; exactly one is expected")
    runs = [one for one in boxes(data, tracks[0].body, tracks[0].end) if one.kind == b"trun"]
    if len(runs) != 1:
        raise ValueError(f"traf has {len(runs)} runs; exactly one is expected")
    defaults = _read_defaults(data, child(data, tracks[0], "tfhd"), init)
    run = _read_run(data, runs[0], defaults)
    offset = movie.start + run.data_offset
    length = sum(run.sizes)
    if offset < media.body or offset + length > media.end:
        raise ValueError(f"trun: samples at {offset} to {offset + length} lie outside the media")
    base = _read_decode_time(data, child(data, tracks[0], "tfdt"))
    return Fragment(sequence, base, list(_samples(run, base, offset + shift)), offset + shift, length)


def _samples(run: _Run, dts: int, offset: int) -> Iterator[FragmentSample]:
    for duration, size, flags, cts in zip(run.durations, run.sizes, run.flags, run.ctss, strict=True):
        yield FragmentSample(dts, cts, duration, not flags & NON_SYNC, offset, size)
        dts += duration
        offset += size


def _read_defaults(data: bytes, found: Box, init: InitSegment) -> tuple[int, int, int]:
    """Duration, size and flags for samples that say none: `tfhd` (8.8.7) over `trex`."""
    flags, track_id = fields(data, found, struct.Struct(">II"))
    if track_id != init.track_id:
        raise ValueError(f"tfhd: track {track_id}; the init segment describes {init.track_id}")
    if flags & _TFHD_BASE_DATA_OFFSET:
        raise ValueError("tfhd: an absolute data offset, which CMAF forbids (23000-19, 7.5.16)")
    at = 8
    if flags & _TFHD_DESCRIPTION:
        if fields(data, found, _U32, at) != (1,):
            raise ValueError("tfhd: a sample description that the init segment has not")
        at += 4
    values = [init.default_duration, init.default_size, init.default_flags]
    for index, bit in enumerate((_TFHD_DURATION, _TFHD_SIZE, _TFHD_FLAGS)):
        if flags & bit:
            (values[index],) = fields(data, found, _U32, at)
            at += 4
    return values[0], values[1], values[2]


def _read_decode_time(data: bytes, found: Box) -> int:
    """`tfdt`, 8.8.12."""
    is_long = fields(data, found, _U32)[0] >> 24 == 1
    return fields(data, found, struct.Struct(">Q") if is_long else _U32, 4)[0]


def _read_run(data: bytes, found: Box, defaults: tuple[int, int, int]) -> _Run:
    """`trun`, 8.8.8."""
    flags, count = fields(data, found, struct.Struct(">II"))
    if not 1 <= count <= MAX_SAMPLES:
        raise ValueError(f"trun: {count} samples; 1 to {MAX_SAMPLES} are possible")
    if not flags & _TRUN_DATA_OFFSET:
        raise ValueError("trun: no data offset, which CMAF demands (23000-19, 7.5.17)")
    (data_offset,) = fields(data, found, struct.Struct(">i"), 8)
    first_flags = fields(data, found, _U32, 12) if flags & _TRUN_FIRST_FLAGS else ()
    columns = [bit for bit in (_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_CTS) if flags & bit]
    is_signed = flags >> 24 > 0
    row = "".join("i" if bit == _TRUN_CTS and is_signed else "I" for bit in columns)
    rows = fields(data, found, struct.Struct(">" + row * count), 12 + 4 * len(first_flags))
    given = {bit: rows[index :: len(columns)] for index, bit in enumerate(columns)}
    duration, size, sample_flags = defaults
    flag_column = given.get(_TRUN_FLAGS) or tuple(chain(first_flags or (sample_flags,), [sample_flags] * (count - 1)))
    return _Run(
        data_offset,
        given.get(_TRUN_DURATION) or (duration,) * count,
        given.get(_TRUN_SIZE) or (size,) * count,
        flag_column,
        given.get(_TRUN_CTS) or (0,) * count,
    )
