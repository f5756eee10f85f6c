"""Reading a CMAF init segment: what a reader of its segments must know (ISO/IEC 14496-12, 8.3 to 8.8)."""

import struct
from dataclasses import dataclass

from services.common.media.box import Box, boxes, child, fields, whole
from services.common.media.movie import AUDIO_HANDLER, VIDEO_HANDLER

MAX_INIT_BYTES = 64 * 1024
"""Ours have about 700 bytes."""

_U32 = struct.Struct(">I")
_TWO_U32 = struct.Struct(">II")
_ENTRY_OFFSETS = {b"avc1": 78, b"mp4a": 28}  # length of VisualSampleEntry and AudioSampleEntry (12.1.3, 12.2.3)
_DESCRIPTOR_ES, _DESCRIPTOR_DECODER, _DESCRIPTOR_SPECIFIC = 3, 4, 5


@dataclass(frozen=True, slots=True)
class InitSegment:
    """One track's description."""

    track_id: int
    handler: bytes
    """`vide` or `soun`."""
    timescale: int
    sample_entry: bytes
    """The one entry of `stsd`, whole."""
    record: bytes
    """AVCDecoderConfigurationRecord or AudioSpecificConfig; empty for a codec this module does not know."""
    width: int
    height: int
    default_duration: int
    default_size: int
    default_flags: int


def read_init(data: bytes) -> InitSegment:
    """Read an init segment of exactly one track. ValueError says what is wrong."""
    if len(data) > MAX_INIT_BYTES:
        raise ValueError(f"init segment of {len(data)} bytes; {MAX_INIT_BYTES} are the limit")
    movie = child(data, whole(data), "moov")
    tracks = [one for one in boxes(data, movie.body, movie.end) if one.kind == b"trak"]
    if len(tracks) != 1:
        raise ValueError(f"init segment has {len(tracks)} tracks; exactly one is expected")
    (track,) = tracks
    (handler,) = _four_bytes(data, child(data, track, "mdia/hdlr"), 8)
    if handler not in (VIDEO_HANDLER, AUDIO_HANDLER):
        raise ValueError(f"init segment has a track of handler {handler!r}")
    track_id, width, height = _read_track_header(data, child(data, track, "tkhd"))
    defaults = _read_defaults(data, child(data, movie, "mvex/trex"), track_id)
    entry = _read_entry(data, child(data, track, "mdia/minf/stbl/stsd"))
    return InitSegment(
        track_id,
        handler,
        _read_timescale(data, child(data, track, "mdia/mdhd")),
        data[entry.start : entry.end],
        _read_record(data, entry),
        width,
        height,
        *defaults,
    )


def _four_bytes(data: bytes, found: Box, offset: int) -> tuple[bytes]:
    (number,) = fields(data, found, _U32, offset)
    return (_U32.pack(number),)


def _read_track_header(data: bytes, found: Box) -> tuple[int, int, int]:
    is_long = _version(data, found) == 1
    (track_id,) = fields(data, found, _U32, 20 if is_long else 12)
    width, height = fields(data, found, _TWO_U32, 88 if is_long else 76)
    return track_id, width >> 16, height >> 16


def _read_timescale(data: bytes, found: Box) -> int:
    (timescale,) = fields(data, found, _U32, 20 if _version(data, found) == 1 else 12)
    if not timescale:
        raise ValueError("init segment has a timescale of 0")
    return timescale


def _read_defaults(data: bytes, found: Box, track_id: int) -> tuple[int, int, int]:
    """`trex`, 8.8.3."""
    of_track, description, duration, size, flags = fields(data, found, struct.Struct(">5I"), 4)
    if (of_track, description) != (track_id, 1):
        raise ValueError("init segment's trex is of another track or sample description")
    return duration, size, flags


def _read_entry(data: bytes, found: Box) -> Box:
    (count,) = fields(data, found, _U32, 4)
    if count != 1:
        raise ValueError(f"init segment has {count} sample descriptions; exactly one is expected")
    return next(boxes(data, found.body + 8, found.end))


def _read_record(data: bytes, entry: Box) -> bytes:
    if entry.kind not in _ENTRY_OFFSETS:
        return b""
    inner = entry._replace(body=entry.body + _ENTRY_OFFSETS[entry.kind])
    if entry.kind == b"avc1":
        record = child(data, inner, "avcC")
        return data[record.body : record.end]
    return _read_decoder_specific(data, child(data, inner, "esds"))


def _read_decoder_specific(data: bytes, found: Box) -> bytes:
    """Walk the descriptors of ISO/IEC 14496-1, 7.2.6, down to the AudioSpecificConfig."""
    at, end = _descriptor(data, found.body + 4, found.end, _DESCRIPTOR_ES)
    if at + 3 > end or data[at + 2] & 0xE0:
        raise ValueError("esds: stream dependence, URL or OCR, which no MP4 has (14496-14, 3.1.2)")
    at, end = _descriptor(data, at + 3, end, _DESCRIPTOR_DECODER)
    at, end = _descriptor(data, at + 13, end, _DESCRIPTOR_SPECIFIC)
    return data[at:end]


def _descriptor(data: bytes, at: int, limit: int, tag: int) -> tuple[int, int]:
    """Start and end of the body of the descriptor at `at`; sizes have 7 bits a byte (14496-1, 8.3.3)."""
    if at >= limit or data[at] != tag:
        raise ValueError(f"esds: no descriptor with tag {tag}")
    size = 0
    for position in range(at + 1, min(at + 5, limit)):
        size = size << 7 | data[position] & 0x7F
        if not data[position] & 0x80:
            if position + 1 + size > limit:
                break
            return position + 1, position + 1 + size
    raise ValueError(f"esds: the descriptor with tag {tag} does not fit")


def _version(data: bytes, found: Box) -> int:
    return fields(data, found, _U32)[0] >> 24
