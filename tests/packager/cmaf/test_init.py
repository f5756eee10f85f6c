"""Init segments, read back by our own reader and by ffprobe."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.common.media.aac import parse_config
from services.common.media.avc import parse_record
from services.common.media.box import child, whole
from services.common.media.init_segment import read_init
from services.packager.cmaf.init import audio_init, video_init
from services.packager.cmaf.part import Sample, part
from tests.common.media.encoded import bits, encode_alone, probe

COLOURS = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "pc")
COLOUR_FIELDS = ("color_primaries", "color_transfer", "color_space", "color_range")


def test_video_is_described_as_it_was_encoded(tmp_path: Path) -> None:
    """ffprobe reads size, pixel shape, colour and profile off our init segment as off its own file."""
    source, ours = tmp_path / "source.mp4", tmp_path / "ours.mp4"
    options = ("-c:v", "libx264", "-frames:v", "1", "-vf", "setsar=4/3", *COLOURS)
    stream = encode_alone(source, "testsrc2=size=150x86", *options)
    payload = stream.units[0][0]
    init = video_init(parse_record(stream.record), track_id=3)
    ours.write_bytes(init + part(1, 3, 0, [Sample(payload, 3000, 0, True)]))
    fields = ("width", "height", "sample_aspect_ratio", "profile", "level", "codec_tag_string", *COLOUR_FIELDS)
    assert probe(ours, *fields) == probe(source, *fields)
    found = read_init(init)
    assert (found.track_id, found.timescale, found.record) == (3, 90_000, stream.record)
    assert (found.width, found.height) == (200, 86)


@pytest.mark.parametrize(
    ("record", "rate", "channels"),
    [
        (bytes.fromhex("1190"), 48_000, 2),
        (bytes.fromhex("1210"), 44_100, 2),
        (bits((2, 5), (0, 4), (6, 4), (0, 3)), 96_000, 6),
        (bits((5, 5), (6, 4), (2, 4), (3, 4), (2, 5), (0, 3)), 48_000, 2),
    ],
    ids=["48k", "44k1", "96k-5.1", "he-aac"],
)
def test_audio_is_described_as_its_configuration_says(record: bytes, rate: int, channels: int, tmp_path: Path) -> None:
    """ffprobe finds rate and channels, after replication, in the esds; the reader finds the record itself."""
    config = parse_config(record)
    init = audio_init(config)
    path = tmp_path / "ours.mp4"
    path.write_bytes(init)
    found = probe(path, "sample_rate", "channels", "codec_tag_string")
    assert found == [str(rate), str(channels), "mp4a"]
    assert (read_init(init).record, read_init(init).timescale) == (record, config.sample_rate)


def test_long_record_keeps_its_length_in_two_bytes() -> None:
    """A descriptor of more than 127 bytes has a size of more than one byte (14496-1, 8.3.3)."""
    config = replace(parse_config(bytes.fromhex("1190")), record=b"\x11\x90" + bytes(300))
    assert read_init(audio_init(config)).record == config.record


def test_same_configuration_gives_the_same_bytes() -> None:
    """An init segment has no time and no chance in it, so replicas agree on it."""
    record = bytes.fromhex("0164000bffe100186764000bacb4146fc98088000003000800000301e078a15501000468ef0fcbfdf8f800")
    assert video_init(parse_record(record)) == video_init(parse_record(record))
    data = video_init(parse_record(record), timescale=1000)
    assert data.startswith(b"\0\0\0\x1cftypcmfc")
    header = child(data, whole(data), "moov/mvhd")
    assert data[header.body : header.body + 12] == bytes(12)
