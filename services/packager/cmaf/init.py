"""Init segments: what a player must have before the first part of a rendition (ISO/IEC 23000-19, 7.3)."""

import struct

from services.common.media.aac import AacConfig
from services.common.media.avc import AvcConfig, build_record
from services.common.media.box import box, full_box
from services.common.media.movie import AUDIO_HANDLER, VIDEO_HANDLER, TrackBoxes, movie_header, track
from services.common.media.unit import CLOCK_RATE

SYNC_FLAGS = 0x02000000
"""Sample flags of a sample that depends on no other: decoding may start there (ISO/IEC 14496-12, 8.8.3.1)."""
NON_SYNC_FLAGS = 0x01010000
"""Sample flags of a sample that depends on others."""

_FILE_TYPE = box(b"ftyp", b"cmfc", bytes(4), b"iso6", b"cmfc", b"mp41")
_DPI_72 = 0x00480000
_DEPTH_COLOUR = 0x0018
_OBJECT_TYPE_AAC = 0x40
_STREAM_TYPE_AUDIO = 0x15  # streamType 5, upStream 0, reserved 1 (ISO/IEC 14496-1, 7.2.6.6)


def video_init(config: AvcConfig, *, track_id: int = 1, timescale: int = CLOCK_RATE) -> bytes:
    """Write the init segment of an H.264 rendition. The same arguments give the same bytes."""
    picture = config.picture
    across, down = picture.vui.aspect_ratio or (1, 1)
    return _init(
        TrackBoxes(
            track_id,
            VIDEO_HANDLER,
            timescale,
            _sample_table(_video_entry(config)),
            width=min(round(picture.width * across / down), 0xFFFF),
            height=picture.height,
        ),
        NON_SYNC_FLAGS,
    )


def audio_init(config: AacConfig, *, track_id: int = 1) -> bytes:
    """Write the init segment of an AAC rendition. Its timescale is `config.sample_rate`."""
    entry = _audio_entry(config)
    return _init(TrackBoxes(track_id, AUDIO_HANDLER, config.sample_rate, _sample_table(entry)), SYNC_FLAGS)


def _init(of: TrackBoxes, default_flags: int) -> bytes:
    extends = full_box(b"trex", 0, 0, struct.pack(">5I", of.track_id, 1, 0, 0, default_flags))
    movie = box(b"moov", movie_header(of.timescale, 0, of.track_id + 1), track(of), box(b"mvex", extends))
    return _FILE_TYPE + movie


def _sample_table(entry: bytes) -> bytes:
    """`stbl` with a description and no samples: those are in the parts."""
    return box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )


def _video_entry(config: AvcConfig) -> bytes:
    """`avc1` (ISO/IEC 14496-15, 5.4.2.1; 14496-12, 12.1.3 to 12.1.5)."""
    picture, vui = config.picture, config.picture.vui
    boxes = [box(b"avcC", build_record(config))]
    if vui.colour:
        colour = vui.colour
        points = (colour.primaries, colour.transfer, colour.matrix, colour.is_full_range << 7)
        boxes.append(box(b"colr", b"nclx", struct.pack(">HHHB", *points)))
    if vui.aspect_ratio:
        boxes.append(box(b"pasp", struct.pack(">II", *vui.aspect_ratio)))
    size = struct.pack(">HHII4xH", picture.width, picture.height, _DPI_72, _DPI_72, 1)
    compressor = bytes(32)
    return box(
        b"avc1",
        struct.pack(">6xH16x", 1),
        size,
        compressor,
        struct.pack(">Hh", _DEPTH_COLOUR, -1),
        *boxes,
    )


def _audio_entry(config: AacConfig) -> bytes:
    """`mp4a` (ISO/IEC 14496-14, 5.6; 14496-12, 12.2.3). The rate is 16.16, so one above 65,535 Hz is given as 0."""
    rate = config.sample_rate if config.sample_rate <= 0xFFFF else 0
    fixed = struct.pack(">6xH8xHH4xI", 1, config.channels, 16, rate << 16)
    return box(b"mp4a", fixed, full_box(b"esds", 0, 0, _stream_descriptor(config.record)))


def _stream_descriptor(record: bytes) -> bytes:
    """ES_Descriptor (ISO/IEC 14496-1, 7.2.6.5). Bit rates and buffer size are 0: a live stream's are not known."""
    decoder = _descriptor(4, bytes((_OBJECT_TYPE_AAC, _STREAM_TYPE_AUDIO)) + bytes(11) + _descriptor(5, record))
    return _descriptor(3, bytes(3) + decoder + _descriptor(6, b"\x02"))


def _descriptor(tag: int, body: bytes) -> bytes:
    """Tag, size in 7 bits a byte (ISO/IEC 14496-1, 8.3.3), body."""
    size = bytearray((len(body) & 0x7F,))
    rest = len(body) >> 7
    while rest:
        size.insert(0, 0x80 | rest & 0x7F)
        rest >>= 7
    return bytes((tag,)) + bytes(size) + body
