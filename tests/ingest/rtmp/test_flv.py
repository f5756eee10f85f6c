"""services.ingest.rtmp.flv"""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.rtmp import flv
from services.ingest.rtmp.errors import ProtocolError

MODEX_NANO = b"\x02\x00\x00\x64"
"""A nanosecond offset: size 3, three bytes; the type and the next packet type follow in one byte."""


def plain(tag: flv.Tag) -> object:
    """A tag as a comparable tuple."""
    if isinstance(tag, flv.Frame):
        return bytes(tag.payload), tag.is_flagged_key, tag.cts_ms
    if isinstance(tag, flv.SequenceHeader):
        return ("config", tag.record)
    return tag.what if isinstance(tag, flv.Unsupported) else None


@pytest.mark.parametrize(
    ("body", "tag"),
    [
        (b"\x17\x00\x00\x00\x00rec", ("config", b"rec")),
        (b"\x17\x01\x00\x00\x28nal", (b"nal", True, 40)),
        (b"\x27\x01\xff\xff\xd8nal", (b"nal", False, -40)),
        (b"\x17\x02\x00\x00\x00", None),
        (b"\x57\x00", None),
        (b"\x1c\x00\x00\x00\x00", "HEVC (codec id 12) video"),
        (b"\x22", "Sorenson H.263 video"),
        (b"\x1f", "codec id 15 video"),
        (b"\x90avc1rec", ("config", b"rec")),
        (b"\xa1avc1\x00\x00\x28nal", (b"nal", False, 40)),
        (b"\x93avc1nal", (b"nal", True, 0)),
        (b"\x92avc1", None),
        (b"\x94avc1", None),
        (b"\xd1\x00", None),
        (b"\x90hvc1rec", "hvc1 video"),
        (b"\x91av\x00\x01", "av?? video"),
        (b"\x96\x00avc1", "multitrack video"),
        (b"\x97" + MODEX_NANO + b"\x03avc1nal", (b"nal", True, 0)),
        (b"\x97" + MODEX_NANO + b"\x07" + MODEX_NANO + b"\x03avc1nal", (b"nal", True, 0)),
        (b"\x97\xff\x00\xff" + bytes(256) + b"\x13avc1nal", (b"nal", True, 0)),
    ],
)
def test_video_bodies(body: bytes, tag: object) -> None:
    """Legacy and enhanced H.264 are read, what carries no picture is nothing, the rest is named."""
    assert plain(flv.read_video(memoryview(body))) == tag


@pytest.mark.parametrize(
    ("body", "tag"),
    [
        (b"\xaf\x00\x12\x10", ("config", b"\x12\x10")),
        (b"\xaf\x01raw", (b"raw", True, 0)),
        (b"\xaf\x02", None),
        (b"\x2f..", "MP3 audio"),
        (b"\x8f..", "G.711 mu-law audio"),
        (b"\xb2..", "Speex audio"),
        (b"\x90mp4a\x12\x10", ("config", b"\x12\x10")),
        (b"\x91mp4araw", (b"raw", True, 0)),
        (b"\x92mp4a", None),
        (b"\x94mp4a", None),
        (b"\x90Opus", "Opus audio"),
        (b"\x95\x00mp4a", "multitrack audio"),
        (b"\x97" + MODEX_NANO + b"\x01mp4araw", (b"raw", True, 0)),
    ],
)
def test_audio_bodies(body: bytes, tag: object) -> None:
    """Legacy and enhanced AAC are read, the rest is named."""
    assert plain(flv.read_audio(memoryview(body))) == tag


@pytest.mark.parametrize("body", [b"\x17", b"\x17\x01\x00", b"\x91avc", b"\x91avc1\x00", b"\x97", b"\x97\x09\x00"])
def test_video_body_cut_short_is_refused(body: bytes) -> None:
    """A body shorter than its header says so."""
    with pytest.raises(ProtocolError):
        flv.read_video(memoryview(body))


@given(st.binary(min_size=1, max_size=60))
def test_random_bytes_give_a_tag_or_a_protocol_error(body: bytes) -> None:
    """Nothing a peer sends raises anything else."""
    for read in (flv.read_video, flv.read_audio):
        with contextlib.suppress(ProtocolError):
            read(memoryview(body))
