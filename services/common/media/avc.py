"""H.264 as RTMP, MP4 and CMAF carry it: the decoder configuration record and length-prefixed NAL units.

ISO/IEC 14496-15: 5.3.3.1 (AVCDecoderConfigurationRecord), 5.3.2 (NAL units in samples).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.common.media.sps import Sps, parse_sps

MAX_RECORD_BYTES = 16 * 1024
"""A record holds a few parameter sets; real ones have 30 to 100 bytes."""

_NAL_SLICE = 1
_NAL_IDR = 5
_NAL_TYPE_MASK = 0x1F
# Profiles whose record ends in chroma format, bit depths and SPS extensions (5.3.3.1.2).
_EXTENDED_PROFILES = frozenset({100, 110, 122, 144, 244})


@dataclass(frozen=True, slots=True)
class AvcConfig:
    """An AVCDecoderConfigurationRecord. Two that differ only in reserved bits or trailing bytes are equal."""

    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]
    sps_extensions: tuple[bytes, ...] = ()
    length_size: int = 4
    """Bytes of the length in front of each NAL unit: 1, 2 or 4."""
    picture: Sps = field(init=False, compare=False)
    """What the first SPS says."""

    def __post_init__(self) -> None:
        if self.length_size not in (1, 2, 4):
            raise ValueError(f"avcC: NAL lengths of {self.length_size} bytes; 1, 2 or 4 are possible")
        if not self.sps or not self.pps:
            raise ValueError("avcC: no SPS" if not self.sps else "avcC: no PPS")
        if len(self.sps) > 31 or len(self.pps) > 255 or len(self.sps_extensions) > 255:
            raise ValueError("avcC: too many parameter sets")
        object.__setattr__(self, "picture", parse_sps(self.sps[0]))

    @property
    def codec(self) -> str:
        """RFC 6381 3.3: `avc1.` and profile, constraints and level as the SPS has them, in hex."""
        return "avc1." + self.sps[0][1:4].hex().upper()


def parse_record(record: bytes) -> AvcConfig:
    """Parse a record. Reserved bits are not looked at and a missing end of the high profiles is forgiven."""
    if len(record) > MAX_RECORD_BYTES:
        raise ValueError(f"avcC: {len(record)} bytes; {MAX_RECORD_BYTES} are the limit")
    if len(record) < 7:
        raise ValueError(f"avcC: {len(record)} bytes; 7 are the least")
    if record[0] != 1:
        raise ValueError(f"avcC: version {record[0]}; only 1 is defined")
    sps, at = _read_sets(record, 6, record[5] & 0x1F, "SPS")
    if at >= len(record):
        raise ValueError("avcC: ends before the number of PPS")
    pps, at = _read_sets(record, at + 1, record[at], "PPS")
    extensions: tuple[bytes, ...] = ()
    if record[1] in _EXTENDED_PROFILES and len(record) >= at + 4:
        extensions, at = _read_sets(record, at + 4, record[at + 3], "SPS extension")
    return AvcConfig(sps, pps, extensions, (record[4] & 3) + 1)


def build_record(config: AvcConfig) -> bytes:
    """Write the record in its one canonical form: `parse_record` of it gives `config` back."""
    record = bytearray((1, *config.sps[0][1:4], 0xFC | config.length_size - 1, 0xE0 | len(config.sps)))
    _write_sets(record, config.sps)
    record.append(len(config.pps))
    _write_sets(record, config.pps)
    if config.picture.profile in _EXTENDED_PROFILES:
        picture = config.picture
        record += bytes((0xFC | picture.chroma_format, 0xF8 | picture.bit_depth_luma - 8))
        record += bytes((0xF8 | picture.bit_depth_chroma - 8, len(config.sps_extensions)))
        _write_sets(record, config.sps_extensions)
    return bytes(record)


def parameter_sets(config: AvcConfig) -> bytes:
    """Write all parameter sets as NAL units with their lengths, to stand in front of an access unit."""
    sets = (*config.sps, *config.sps_extensions, *config.pps)
    if max(map(len, sets)) >> (8 * config.length_size):
        raise ValueError(f"avcC: a parameter set does not fit NAL lengths of {config.length_size} bytes")
    return b"".join(len(one).to_bytes(config.length_size, "big") + one for one in sets)


def nal_units(payload: bytes, length_size: int = 4) -> Iterator[bytes]:
    """Split one access unit into its NAL units, without their lengths. ValueError if a length runs past the end."""
    for start, end in _spans(payload, length_size):
        yield payload[start:end]


def has_idr(payload: bytes, length_size: int = 4) -> bool:
    """Whether the access unit is an IDR picture: decided by its first slice, so only a few bytes are looked at."""
    for start, _ in _spans(payload, length_size):
        kind = payload[start] & _NAL_TYPE_MASK
        if _NAL_SLICE <= kind <= _NAL_IDR:
            return kind == _NAL_IDR
    return False


def _spans(payload: bytes, length_size: int) -> Iterator[tuple[int, int]]:
    """Start and end of each NAL unit; empty ones, which some encoders send, are left out."""
    at, total = 0, len(payload)
    while at < total:
        start = at + length_size
        at = start + int.from_bytes(payload[at:start], "big")
        if start > total or at > total:
            raise ValueError(f"access unit of {total} bytes: a NAL unit ends at {max(start, at)}")
        if at > start:
            yield start, at


def _read_sets(record: bytes, at: int, count: int, what: str) -> tuple[tuple[bytes, ...], int]:
    sets = []
    for _ in range(count):
        start = at + 2
        at = start + int.from_bytes(record[at:start], "big")
        if at > len(record) or at == start:
            raise ValueError(f"avcC: {what} is empty" if at == start else f"avcC: ends within a {what}")
        sets.append(record[start:at])
    return tuple(sets), at


def _write_sets(record: bytearray, sets: tuple[bytes, ...]) -> None:
    for one in sets:
        record += len(one).to_bytes(2, "big") + one
