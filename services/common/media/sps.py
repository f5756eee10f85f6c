"""The H.264 sequence parameter set: picture size, profile, timing and reordering (ITU-T H.264 7.3.2.1 and annex E).

Read once per codec configuration, so clarity wins over speed here.
"""

from dataclasses import dataclass
from fractions import Fraction

from services.common.media.bits import Bits

MAX_SPS_BYTES = 4096
"""Real ones have 20 to 60 bytes; the largest legal one, with all scaling lists, stays below 2 KB."""
MAX_PICTURE_SIDE = 16_384
"""Pixels. Level 6.2 ends at 16,880 by area; nothing that is streamed live comes near."""

_NAL_TYPE_SPS = 7
_MACROBLOCK = 16
# Profiles whose SPS says chroma format, bit depths and scaling lists (7.3.2.1.1).
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
# (SubWidthC, SubHeightC) by chroma_format_idc, table 6-1; monochrome crops by single luma samples.
_CROP_UNITS = ((1, 1), (2, 2), (2, 1), (1, 1))
# Sample aspect ratios by aspect_ratio_idc, table E-1; 0 is "unspecified".
_ASPECT_RATIOS = (
    (0, 0),
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
)
_EXTENDED_ASPECT_RATIO = 255


@dataclass(frozen=True, slots=True)
class Colour:
    """The colour description as code points of ITU-T H.273, as `colr` of type nclx wants them."""

    primaries: int
    transfer: int
    matrix: int
    is_full_range: bool


@dataclass(frozen=True, slots=True)
class Vui:
    """Video usability information, as far as packaging needs it; None where the encoder does not say."""

    aspect_ratio: tuple[int, int] | None = None
    """Width : height of one pixel."""
    colour: Colour | None = None
    frame_rate: Fraction | None = None
    """Frames a second: time_scale over twice num_units_in_tick (E.2.1)."""
    num_reorder_frames: int | None = None


@dataclass(frozen=True, slots=True)
class Sps:
    """What a sequence parameter set says. Width and height are pixels after cropping."""

    profile: int
    compatibility: int
    level: int
    width: int
    height: int
    chroma_format: int
    bit_depth_luma: int
    bit_depth_chroma: int
    vui: Vui


@dataclass(frozen=True, slots=True)
class _Chroma:
    format: int = 1
    is_separate: bool = False
    depth_luma: int = 8
    depth_chroma: int = 8


def parse_sps(nal: bytes) -> Sps:
    """Parse an SPS NAL unit, header byte included. ValueError says what is wrong.

    A VUI that is cut short counts as absent: encoders in the field truncate it, and decoders go on without.
    """
    if not 4 <= len(nal) <= MAX_SPS_BYTES:
        raise ValueError(f"SPS has {len(nal)} bytes; 4 to {MAX_SPS_BYTES} are possible")
    if nal[0] & 0x1F != _NAL_TYPE_SPS:
        raise ValueError(f"SPS expected, found a NAL unit of type {nal[0] & 0x1F}")
    bits = Bits(unescape(nal[1:]), "SPS")
    profile, compatibility, level = bits.read(8), bits.read(8), bits.read(8)
    bits.unsigned()  # seq_parameter_set_id
    chroma = _read_chroma(bits) if profile in _HIGH_PROFILES else _Chroma()
    is_poc_output_order = _skip_frame_numbering(bits)
    width, height = _read_size(bits, chroma)
    vui = _read_vui(bits) if bits.flag() else Vui()
    if is_poc_output_order and vui.num_reorder_frames is None:
        vui = Vui(vui.aspect_ratio, vui.colour, vui.frame_rate, 0)
    return Sps(profile, compatibility, level, width, height, chroma.format, chroma.depth_luma, chroma.depth_chroma, vui)


def unescape(payload: bytes) -> bytes:
    """Take out the emulation prevention bytes (7.4.1): 00 00 03 becomes 00 00."""
    if b"\0\0\3" not in payload:
        return payload
    # bytes.replace scans on after the 03, which is what 7.3.1 does: 00 00 03 00 00 03 loses both.
    return payload.replace(b"\0\0\3", b"\0\0")


def _read_chroma(bits: Bits) -> _Chroma:
    chroma_format = bits.unsigned()
    if chroma_format > 3:
        raise ValueError(f"SPS has chroma_format_idc {chroma_format}; 0 to 3 are defined")
    is_separate = chroma_format == 3 and bits.flag()
    luma, chroma = bits.unsigned(), bits.unsigned()
    if luma > 6 or chroma > 6:
        raise ValueError(f"SPS has bit depths {luma + 8} and {chroma + 8}; 8 to 14 are defined")
    bits.skip(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.flag():
        for index in range(12 if chroma_format == 3 else 8):
            if bits.flag():
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return _Chroma(chroma_format, is_separate, luma + 8, chroma + 8)


def _skip_scaling_list(bits: Bits, size: int) -> None:
    last = following = 8  # 7.3.2.1.1.1
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_frame_numbering(bits: Bits) -> bool:
    """Pass over frame numbers and picture order counts; True if output order is decoding order (type 2)."""
    bits.unsigned()  # log2_max_frame_num_minus4
    poc_type = bits.unsigned()
    if poc_type > 2:
        raise ValueError(f"SPS has pic_order_cnt_type {poc_type}; 0 to 2 are defined")
    if poc_type == 0:
        bits.unsigned()
    elif poc_type == 1:
        bits.skip(1)
        bits.signed()
        bits.signed()
        cycle = bits.unsigned()
        if cycle > 255:
            raise ValueError(f"SPS has {cycle} frames in its picture order count cycle; 255 are allowed")
        for _ in range(cycle):
            bits.signed()
    bits.unsigned()  # max_num_ref_frames
    bits.skip(1)  # gaps_in_frame_num_value_allowed_flag
    return poc_type == 2


def _read_size(bits: Bits, chroma: _Chroma) -> tuple[int, int]:
    columns, rows = bits.unsigned() + 1, bits.unsigned() + 1
    fields = 1 if bits.flag() else 2  # frame_mbs_only_flag
    if fields == 2:
        bits.skip(1)  # mb_adaptive_frame_field_flag
    bits.skip(1)  # direct_8x8_inference_flag
    width, height = columns * _MACROBLOCK, rows * _MACROBLOCK * fields
    if max(width, height) > MAX_PICTURE_SIDE:
        raise ValueError(f"SPS has a picture of {width}x{height}; {MAX_PICTURE_SIDE} a side is the limit")
    if bits.flag():
        unit_x, unit_y = _CROP_UNITS[0 if chroma.is_separate else chroma.format]
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        cropped = (width - (left + right) * unit_x, height - (top + bottom) * unit_y * fields)
        if min(cropped) <= 0:
            raise ValueError(f"SPS crops its picture of {width}x{height} to nothing")
        return cropped
    return width, height


def _read_vui(bits: Bits) -> Vui:
    """Annex E.1.1."""
    try:
        aspect_ratio = _read_aspect_ratio(bits) if bits.flag() else None
        if bits.flag():  # overscan_info_present_flag
            bits.skip(1)
        colour = _read_colour(bits) if bits.flag() else None
        if bits.flag():  # chroma_loc_info_present_flag
            bits.unsigned()
            bits.unsigned()
        frame_rate = _read_frame_rate(bits) if bits.flag() else None
        return Vui(aspect_ratio, colour, frame_rate, _read_reordering(bits))
    except ValueError:
        return Vui()


def _read_aspect_ratio(bits: Bits) -> tuple[int, int] | None:
    idc = bits.read(8)
    if idc == _EXTENDED_ASPECT_RATIO:
        ratio = (bits.read(16), bits.read(16))
    else:
        ratio = _ASPECT_RATIOS[idc] if idc < len(_ASPECT_RATIOS) else (0, 0)
    return ratio if all(ratio) else None


def _read_colour(bits: Bits) -> Colour | None:
    bits.skip(3)  # video_format
    is_full_range = bits.flag()
    if not bits.flag():
        return None
    return Colour(bits.read(8), bits.read(8), bits.read(8), is_full_range)


def _read_frame_rate(bits: Bits) -> Fraction | None:
    units_in_tick, time_scale = bits.read(32), bits.read(32)
    bits.skip(1)  # fixed_frame_rate_flag
    return Fraction(time_scale, 2 * units_in_tick) if units_in_tick and time_scale else None


def _read_reordering(bits: Bits) -> int | None:
    has_nal_hrd = bits.flag()
    if has_nal_hrd:
        _skip_hrd(bits)
    has_vcl_hrd = bits.flag()
    if has_vcl_hrd:
        _skip_hrd(bits)
    if has_nal_hrd or has_vcl_hrd:
        bits.skip(1)  # low_delay_hrd_flag
    bits.skip(1)  # pic_struct_present_flag
    if not bits.flag():  # bitstream_restriction_flag
        return None
    bits.skip(1)  # motion_vectors_over_pic_boundaries_flag
    for _ in range(4):  # bytes a picture, bits a macroblock, vector lengths
        bits.unsigned()
    reorder, buffered = bits.unsigned(), bits.unsigned()
    return reorder if reorder <= buffered <= 16 else None


def _skip_hrd(bits: Bits) -> None:
    """Annex E.1.2."""
    count = bits.unsigned() + 1
    if count > 32:
        raise ValueError(f"SPS has {count} HRD schedules; 32 are allowed")
    bits.skip(8)
    for _ in range(count):
        bits.unsigned()
        bits.unsigned()
        bits.skip(1)
    bits.skip(20)
