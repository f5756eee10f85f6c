"""The head of a progressive file: `ftyp`, and a `moov` that lists every sample (ISO/IEC 14496-12, 8.6 and 8.7)."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain
from math import ceil

from services.archiver.mp4.column import long_words, words
from services.archiver.mp4.sample_table import SampleTable
from services.common.media.box import box, full_box
from services.common.media.movie import VIDEO_HANDLER, TrackBoxes, movie_header, track

MOVIE_TIMESCALE = 90_000
"""Ticks a second of edits: a start of any audio up to 90 kHz comes back as the same number of its own samples."""

_MP4_TYPE = box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isom", b"iso4", b"avc1", b"mp41")
_M4A_TYPE = box(b"ftyp", b"M4A ", bytes(4), b"M4A ", b"mp42", b"isom", b"iso4")
_MAX_32 = 0xFFFFFFFF
_MAX_DELAY = MOVIE_TIMESCALE * 3600 * 24 * 365


def file_type(tables: Sequence[SampleTable]) -> bytes:
    """Write `ftyp`: M4A if there is no video."""
    has_video = any(table.handler == VIDEO_HANDLER for table in tables)
    return _MP4_TYPE if has_video else _M4A_TYPE


def movie(tables: Sequence[SampleTable], chunk_offsets: Sequence[Sequence[int]], *, is_large: bool) -> bytes:
    """Write `moov`. `chunk_offsets`: for each table where its chunks lie in the file; `is_large`: in 64 bits.

    The presentation starts at 0 with the track that starts first; the others start later by as much as they did.
    """
    start = min(_seconds(table.first_pts, table) for table in tables)
    tracks, duration = [], 0
    for number, (table, offsets) in enumerate(zip(tables, chunk_offsets, strict=True), 1):
        delay = round((_seconds(table.first_pts, table) - start) * MOVIE_TIMESCALE)
        if delay > _MAX_DELAY:
            raise ValueError("tracks start more than a year apart")
        length = ceil(_seconds(table.end_pts - table.first_pts, table) * MOVIE_TIMESCALE)
        duration = max(duration, delay + length)
        of = TrackBoxes(
            number,
            table.handler,
            table.timescale,
            _sample_table(table, offsets, is_large=is_large),
            table.width,
            table.height,
            table.end_dts - table.first_dts,
            delay + length,
            _edits(table, delay, length),
        )
        tracks.append(track(of))
    return box(b"moov", movie_header(MOVIE_TIMESCALE, duration, len(tables) + 1), *tracks)


def _seconds(ticks: int, table: SampleTable) -> Fraction:
    return Fraction(ticks, table.timescale)


def _edits(table: SampleTable, delay: int, length: int) -> bytes:
    """`edts` (8.6.5, 8.6.6): wait for `delay`, then begin with the picture that is shown first."""
    media_time = table.first_pts - table.first_dts
    if media_time < 0:
        raise ValueError("a sample is presented before the first one is decoded")
    edits = [(delay, -1)] if delay else []
    edits.append((length, media_time))
    is_long = max(delay, length, media_time) > _MAX_32 >> 1
    layout = ">Qqhh" if is_long else ">Iihh"
    rows = [struct.pack(layout, duration, time, 1, 0) for duration, time in edits]
    return box(b"edts", full_box(b"elst", int(is_long), 0, words([len(rows)]), *rows))


def _sample_table(table: SampleTable, offsets: Sequence[int], *, is_large: bool) -> bytes:
    """`stbl`. No `ctts` where pictures are shown in decoding order, no `stss` where each sample is a key."""
    runs = list(table.chunk_runs())
    parts = [
        full_box(b"stsd", 0, 0, words([len(table.entries)]), *table.entries),
        full_box(b"stts", 0, 0, table.deltas.table()),
    ]
    if not table.ctss.is_all_zero():
        parts.append(full_box(b"ctts", 1, 0, table.ctss.table()))
    if len(table.keys) < len(table.sizes):
        parts.append(full_box(b"stss", 0, 0, words([len(table.keys)]), words(table.keys)))
    parts += [
        full_box(b"stsc", 0, 0, words([len(runs)]), words(chain.from_iterable(runs))),
        full_box(b"stsz", 0, 0, words([0, len(table.sizes)]), words(table.sizes)),
        full_box(b"co64", 0, 0, words([len(offsets)]), long_words(offsets))
        if is_large
        else full_box(b"stco", 0, 0, words([len(offsets)]), words(offsets)),
    ]
    return box(b"stbl", *parts)
