"""The movie boxes that a CMAF init segment and a progressive MP4 have in common (ISO/IEC 14496-12, 8.2 to 8.7).

Times of creation are always 0, so that the same input gives the same bytes.
"""

import struct
from dataclasses import dataclass

from services.common.media.box import box, full_box

VIDEO_HANDLER = b"vide"
AUDIO_HANDLER = b"soun"

_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_LANGUAGE_UND = 0x55C4  # three letters of 5 bits, 8.4.2.3
_HANDLER_NAMES = {VIDEO_HANDLER: b"Video\0", AUDIO_HANDLER: b"Audio\0"}
_TRACK_ENABLED_IN_MOVIE = 0x3
_FULL_VOLUME = 0x0100
_MAX_32 = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class TrackBoxes:
    """What a `trak` is made of."""

    track_id: int
    handler: bytes
    timescale: int
    """Ticks a second of the track's media."""
    sample_table: bytes
    """The whole `stbl`."""
    width: int = 0
    """Pixels as shown, not as coded; 0 for audio."""
    height: int = 0
    duration: int = 0
    """In ticks of `timescale`; 0 in an init segment."""
    movie_duration: int = 0
    """In ticks of the movie's timescale, edits included; 0 in an init segment."""
    edits: bytes = b""
    """The whole `edts`, or nothing."""


def movie_header(timescale: int, duration: int, next_track_id: int) -> bytes:
    """Write `mvhd` (8.2.2)."""
    return full_box(
        b"mvhd",
        *_times(timescale, duration),
        struct.pack(">iH10x", 0x10000, _FULL_VOLUME),
        _MATRIX,
        bytes(24),
        struct.pack(">I", next_track_id),
    )


def track(of: TrackBoxes) -> bytes:
    """Write `trak` (8.3.1)."""
    is_video = of.handler == VIDEO_HANDLER
    media_header = full_box(b"vmhd", 0, 1, bytes(8)) if is_video else full_box(b"smhd", 0, 0, bytes(4))
    data_information = box(
        b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))
    )  # flag 1: the media is in this file (8.7.2)
    media = box(
        b"mdia",
        full_box(b"mdhd", *_times(of.timescale, of.duration), struct.pack(">H2x", _LANGUAGE_UND)),
        full_box(b"hdlr", 0, 0, struct.pack(">4x4s12x", of.handler), _HANDLER_NAMES[of.handler]),
        box(b"minf", media_header, data_information, of.sample_table),
    )
    return box(b"trak", _track_header(of, is_video=is_video), of.edits, media)


def _track_header(of: TrackBoxes, *, is_video: bool) -> bytes:
    """`tkhd`, 8.3.2."""
    is_long = of.movie_duration > _MAX_32
    layout = ">QQI4xQ" if is_long else ">III4xI"
    return full_box(
        b"tkhd",
        int(is_long),
        _TRACK_ENABLED_IN_MOVIE,
        struct.pack(layout, 0, 0, of.track_id, of.movie_duration),
        struct.pack(">8xhhH2x", 0, 0 if is_video else 1, 0 if is_video else _FULL_VOLUME),
        _MATRIX,
        struct.pack(">II", of.width << 16, of.height << 16),
    )


def _times(timescale: int, duration: int) -> tuple[int, int, bytes]:
    """Version, flags and the first fields of `mvhd` and `mdhd`: 64-bit ones only where 32 bits do not do."""
    is_long = duration > _MAX_32
    return int(is_long), 0, struct.pack(">QQIQ" if is_long else ">IIII", 0, 0, timescale, duration)
