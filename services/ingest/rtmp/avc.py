"""What must be known of H.264 to carry it: whether a configuration is one, and where decoding may start."""

from services.ingest.rtmp.errors import ProtocolError

_SLICE, _IDR, _SEI = 1, 5, 6
_RECOVERY_POINT = 6
_MOST_NALS = 64
"""NAL units looked at before the first slice: access units have under ten there, hostile ones millions."""


def length_size(record: bytes) -> int:
    """Bytes of a NAL unit's length, from an AVCDecoderConfigurationRecord (14496-15, 5.3.3.1).

    ProtocolError if the record is not version 1 or lacks a parameter set.
    """
    if len(record) < 7 or record[0] != 1:
        raise ProtocolError("the H.264 configuration is not an AVCDecoderConfigurationRecord")
    at = _skip_parameter_sets(record, 6, record[5] & 0x1F, "sequence")
    if at >= len(record):
        raise ProtocolError("the H.264 configuration is cut short")
    _skip_parameter_sets(record, at + 1, record[at], "picture")
    size = (record[4] & 3) + 1
    if size == 3:
        raise ProtocolError("the H.264 configuration has NAL lengths of 3 bytes")
    return size


def _skip_parameter_sets(record: bytes, at: int, count: int, kind: str) -> int:
    if count == 0:
        raise ProtocolError(f"the H.264 configuration has no {kind} parameter set")
    for _ in range(count):
        size = int.from_bytes(record[at : at + 2], "big")
        at += 2 + size
        if size == 0 or at > len(record):
            raise ProtocolError("the H.264 configuration is cut short")
    return at


def starts_decoding(unit: memoryview, nal_length_size: int, *, is_flagged: bool) -> bool:
    """Whether decoding may start at this access unit of length-prefixed NAL units (14496-10, 7.4.1.2.4).

    An IDR picture says so by itself, whatever the container's flag says. An I-picture that is no IDR counts only if
    the encoder flags it *and* promises exact recovery at it (SEI recovery point, recovery_frame_cnt 0): open-GOP
    encoders do both; those that flag every I-picture do only the first, and those that refresh by moving columns
    only the second, and at either a player would start with a broken picture.

    ProtocolError if the lengths do not fit the unit or no slice is found.
    """
    is_exact = False
    at, size = 0, len(unit)
    for _ in range(_MOST_NALS):
        start = at + nal_length_size
        if start >= size:
            break
        at = start + int.from_bytes(unit[at:start], "big")
        if at > size:
            raise ProtocolError("NAL units overrun their access unit")
        if at == start:
            continue
        kind = unit[start] & 0x1F
        if _SLICE <= kind <= _IDR and at == start + 1:  # a start code read as a length of 1
            raise ProtocolError("an access unit has an empty slice; NAL units must have lengths, not start codes")
        if kind == _IDR:
            return True
        if _SLICE <= kind < _IDR:
            return is_flagged and is_exact
        if kind == _SEI and is_flagged:
            is_exact = is_exact or _recovers_at_once(bytes(unit[start + 1 : at]))
    raise ProtocolError("an access unit has no slice")


def _recovers_at_once(sei: bytes) -> bool:
    """Whether an SEI NAL unit's messages (7.3.2.3) hold a recovery point with recovery_frame_cnt 0 (D.1.8)."""
    at = 0
    while at + 2 < len(sei):
        kind, at = _read_ff_coded(sei, at)
        size, at = _read_ff_coded(sei, at)
        if kind == _RECOVERY_POINT:
            # ue(v) of 0 is a single set bit
            return at < len(sei) and sei[at] & 0x80 != 0
        at += size
    return False


def _read_ff_coded(sei: bytes, at: int) -> tuple[int, int]:
    value = 0
    while at < len(sei) and sei[at] == 0xFF:
        value += 0xFF
        at += 1
    return value + (sei[at] if at < len(sei) else 0), at + 1
