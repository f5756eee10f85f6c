"""Sequence parameter sets that x264 made, and what ffprobe says of them."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.media.avc import parse_record
from services.common.media.sps import Colour, Vui, parse_sps, unescape
from tests.common.media.encoded import bits, encode_alone, probe

# Baseline, 320x240, no VUI, as 7.3.2.1.1 has it: (Exp-Golomb) codes one by one.
# Header, profile, flags, level, id 0, frame numbers of 4 bits.
HEAD = ((0x67, 8), (66, 8), (0, 8), (30, 8), (1, 1), (1, 1))
POC_TYPE_0, POC_TYPE_2 = ((1, 1), (1, 1)), ((3, 3),)
# One reference, 20 by 15 macroblocks, frames only, not cropped.
SIZE = ((2, 3), (0, 1), (20, 9), (15, 7), (1, 1), (1, 1), (0, 1))
NO_VUI, END = ((0, 1),), ((1, 1),)
PLAIN = bits(*HEAD, *POC_TYPE_0, *SIZE, *NO_VUI, *END)

X264 = ("-c:v", "libx264", "-frames:v", "3")
ENCODINGS = {
    "baseline": ("176x144", ("-profile:v", "baseline")),
    "main-cropped": ("150x86", ("-profile:v", "main", "-bf", "2")),
    "high-cropped-hd": ("1920x1080", ("-profile:v", "high", "-bf", "1")),
    "interlaced": ("720x576", ("-x264-params", "tff=1:weightp=0", "-vf", "setsar=16/11")),
    "interlaced-cropped": (
        "720x540",
        (
            "-x264-params",
            "bff=1:weightp=0",
        ),
    ),
    "odd-pixels": (
        "160x90",
        (
            "-vf",
            "setsar=7/9",
        ),
    ),
    "high10": (
        "160x90",
        (
            "-pix_fmt",
            "yuv420p10le",
        ),
    ),
    "high422": (
        "162x90",
        (
            "-pix_fmt",
            "yuv422p",
        ),
    ),
    "high444": (
        "161x91",
        (
            "-pix_fmt",
            "yuv444p",
        ),
    ),
    "monochrome": (
        "161x91",
        (
            "-pix_fmt",
            "gray",
        ),
    ),
    "coloured": (
        "160x90",
        ("-color_primaries", "bt709", "-color_trc", "iec61966-2-1", "-colorspace", "bt470bg", "-color_range", "pc"),
    ),
    "with-hrd": ("160x90", ("-b:v", "1M", "-x264-params", "nal-hrd=cbr:vbv-maxrate=1000:vbv-bufsize=1000")),
    "scaling-lists": ("160x90", ("-x264-params", "cqm=jvt")),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_size_and_timing_are_what_ffprobe_reads(name: str, tmp_path: Path) -> None:
    """Width, height, level, pixel shape, rate and reordering agree with ffmpeg for each kind of picture."""
    size, options = ENCODINGS[name]
    path = tmp_path / "one.mp4"
    stream = encode_alone(path, f"testsrc2=size={size}:rate=24000/1001", *X264, *options)
    (sps,) = parse_record(stream.record).sps
    found = parse_sps(sps)
    fields = ("width", "height", "level", "has_b_frames", "sample_aspect_ratio", "avg_frame_rate")
    width, height, level, reorder, aspect_ratio, rate = probe(path, *fields)
    assert (found.width, found.height, found.level) == (int(width), int(height), int(level))
    assert (found.vui.num_reorder_frames or 0) == int(reorder)
    assert found.vui.aspect_ratio == tuple(map(int, aspect_ratio.split(":")))
    assert found.vui.frame_rate == Fraction(rate)


@pytest.mark.parametrize(
    ("name", "chroma_format", "depth"),
    [("high10", 1, 10), ("high422", 2, 8), ("high444", 3, 8), ("monochrome", 0, 8), ("baseline", 1, 8)],
)
def test_chroma_and_depth_are_what_was_encoded(name: str, chroma_format: int, depth: int, tmp_path: Path) -> None:
    """The high profiles say their chroma format and bit depths."""
    size, options = ENCODINGS[name]
    stream = encode_alone(tmp_path / "one.mp4", f"testsrc2=size={size}", *X264, *options)
    found = parse_record(stream.record).picture
    assert (found.chroma_format, found.bit_depth_luma, found.bit_depth_chroma) == (chroma_format, depth, depth)


def test_colour_is_what_was_encoded(tmp_path: Path) -> None:
    """Primaries, transfer and matrix are code points of H.273."""
    size, options = ENCODINGS["coloured"]
    stream = encode_alone(tmp_path / "one.mp4", f"testsrc2=size={size}", *X264, *options)
    assert parse_record(stream.record).picture.vui.colour == Colour(1, 13, 5, is_full_range=True)


def test_picture_without_vui_says_nothing_of_it() -> None:
    """No VUI: nothing is guessed."""
    found = parse_sps(PLAIN)
    assert (found.width, found.height, found.profile, found.level) == (320, 240, 66, 30)
    assert found.vui == Vui()


def test_output_in_decoding_order_means_no_reordering() -> None:
    """Picture order count type 2 forbids B-frames that come later (7.4.2.1.1), whatever the VUI leaves out."""
    assert parse_sps(bits(*HEAD, *POC_TYPE_2, *SIZE, *NO_VUI, *END)).vui.num_reorder_frames == 0


def test_vui_that_is_cut_short_counts_as_absent() -> None:
    """The picture is still known when a VUI ends in its middle."""
    cut = bits(*HEAD, *POC_TYPE_0, *SIZE, (1, 1), (1, 1), (255, 8), (4, 16))
    assert parse_sps(cut) == parse_sps(PLAIN)


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_unescaping_undoes_escaping(payload: bytes) -> None:
    """Emulation prevention as 7.3.1 writes it is taken out again."""
    escaped, zeros = bytearray(), 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            escaped.append(3)
            zeros = 0
        escaped.append(byte)
        zeros = 0 if byte else zeros + 1
    assert unescape(bytes(escaped)) == payload


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_picture_or_a_value_error(tail: bytes) -> None:
    """Hostile bytes never raise anything else, nor give a picture without pixels."""
    try:
        found = parse_sps(b"\x67" + tail)
    except ValueError:
        return
    assert found.width > 0
    assert found.height > 0


@pytest.mark.parametrize(
    ("nal", "says"),
    [
        (b"\x67\x42", "2 bytes"),
        (b"\x67" + bytes(5000), "5001 bytes"),
        (b"\x68\x42\x00\x1e\xf4", "type 8"),
        (PLAIN[:6], "ends early"),
        (bits(*HEAD, (5, 5)), "pic_order_cnt_type 4"),
        (bits(*HEAD, (2, 3), (0, 1), (1, 1), (1, 1), (257, 17)), "256 frames in its picture order"),
        (bits(*HEAD, *POC_TYPE_0, (2, 3), (0, 1), (2048, 23), (1, 1), (1, 1), (1, 1), (0, 1)), "32768x16; 16384"),
        (bits(*HEAD, *POC_TYPE_0, *SIZE[:-1], (1, 1), (1, 1), (1, 1), (1, 1), (200, 15)), "crops its picture"),
        (bits((0x67, 8), (100, 8), (0, 8), (30, 8), (1, 1), (5, 5)), "chroma_format_idc 4"),
        (bits((0x67, 8), (100, 8), (0, 8), (30, 8), (1, 1), (2, 3), (8, 7), (1, 1)), "bit depths 15 and 8"),
    ],
)
def test_broken_sps_says_what_is_wrong(nal: bytes, says: str) -> None:
    """The error names the fault."""
    with pytest.raises(ValueError, match=says):
        parse_sps(nal)
