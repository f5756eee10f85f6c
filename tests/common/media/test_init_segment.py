"""Reading init segments: ffmpeg's, and damaged ones."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.media.aac import parse_config
from services.common.media.box import box
from services.common.media.init_segment import read_init
from services.packager.cmaf.init import audio_init
from tests.common.media.encoded import encode, run, streams

AUDIO = audio_init(parse_config(b"\x11\x90\x56\xe5\x00"), track_id=5)


@pytest.mark.parametrize(("kind", "handler"), [("v", b"vide"), ("a", b"soun")])
def test_foreign_init_segment_is_understood(kind: str, handler: bytes, tmp_path: Path) -> None:
    """ffmpeg's own init segment, with its longer descriptors and other boxes, gives the same configuration."""
    source = encode(tmp_path / "source.mp4", bframes=0, seconds=0.2)
    path = tmp_path / "foreign.mp4"
    wanted = ("-map", f"0:{kind}:0", "-c", "copy", "-movflags", "empty_moov+default_base_moof+frag_keyframe")
    run("ffmpeg", "-i", str(source), *wanted, str(path))
    data = path.read_bytes()
    found = read_init(data[: data.index(b"moof") - 4])
    stream = streams(source)[kind == "a"]
    assert (found.track_id, found.handler, found.record) == (1, handler, stream.record)
    assert (found.width, found.height) == ((160, 90) if kind == "v" else (0, 0))


def test_unknown_codec_still_gives_its_sample_entry() -> None:
    """What only copies a description need not understand it."""
    found = read_init(AUDIO.replace(b"mp4a", b"Opus"))
    assert (found.record, found.sample_entry[4:8]) == (b"", b"Opus")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no moov"),
        (bytes(70_000), "70000 bytes"),
        (box(b"moov"), "0 tracks"),
        (AUDIO.replace(b"soun", b"hint"), "handler b'hint'"),
        (AUDIO.replace(b"mvex", b"free"), "moov has no mvex"),
        (AUDIO.replace(b"\0\0\xbb\x80\0\0\0\0\x55\xc4", b"\0\0\0\0\0\0\0\0\x55\xc4"), "timescale of 0"),
        (AUDIO.replace(b"stsd\0\0\0\0\0\0\0\1", b"stsd\0\0\0\0\0\0\0\2"), "2 sample descriptions"),
        (AUDIO.replace(b"trex\0\0\0\0\0\0\0\5", b"trex\0\0\0\0\0\0\0\6"), "another track"),
        (AUDIO.replace(b"esds\0\0\0\0\3", b"esds\0\0\0\0\2"), "no descriptor with tag 3"),
        (AUDIO.replace(b"\5\5\x11", b"\5\x7f\x11"), "tag 5 does not fit"),
        (AUDIO.replace(b"\3\x1c\0\0\0", b"\3\x1c\0\0\x80"), "stream dependence"),
    ],
)
def test_broken_init_segment_says_what_is_wrong(data: bytes, says: str) -> None:
    """The error names the fault."""
    with pytest.raises(ValueError, match=says):
        read_init(data)


@settings(deadline=None)
@given(st.integers(0, len(AUDIO) - 1), st.integers(0, 255), st.integers(0, len(AUDIO)))
def test_mutated_init_segment_is_read_or_a_value_error(at: int, byte: int, cut: int) -> None:
    """A byte changed and the end cut off never raise anything else."""
    try:
        found = read_init((AUDIO[:at] + bytes([byte]) + AUDIO[at + 1 :])[:cut])
    except ValueError:
        return
    assert found.timescale > 0
