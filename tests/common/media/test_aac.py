"""AudioSpecificConfigs that ffmpeg made, and the signalling that it does not make."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.media.aac import parse_config
from tests.common.media.encoded import bits, encode_alone, probe

LC, SBR, PS = 2, 5, 29
# One pair of channels, filled up to a whole byte, and a comment of one letter (4.4.1.1).
PROGRAM = ((0, 10), (1, 4), (0, 17), (0, 3), (1, 1), (0, 4), (0, 1), (1, 8), (65, 8))
SYNC_SBR = ((0x2B7, 11), (SBR, 5), (1, 1), (3, 4))


@pytest.mark.parametrize("rate", [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 16_000, 11_025, 8_000])
def test_sample_rate_is_what_was_encoded(rate: int, tmp_path: Path) -> None:
    """Each rate of the table."""
    stream = encode_alone(tmp_path / "a.mp4", f"sine=sample_rate={rate}:duration=0.3", "-c:a", "aac", "-b:a", "16k")
    found = parse_config(stream.record)
    assert (found.sample_rate, found.output_rate, found.channels, found.frame_length) == (rate, rate, 1, 1024)
    assert found.codec == "mp4a.40.2"


@pytest.mark.parametrize("layout", ["mono", "stereo", "3.0", "4.0", "5.0", "5.1", "7.1", "quad", "6.1", "octagonal"])
def test_channels_are_what_was_encoded(layout: str, tmp_path: Path) -> None:
    """Each channel configuration, and layouts that need a program config element."""
    path = tmp_path / "a.mp4"
    source = f"anullsrc=sample_rate=48000:channel_layout={layout}"
    stream = encode_alone(path, source, "-t", "0.1", "-c:a", "aac", "-channel_layout", layout)
    (channels,) = probe(path, "channels")
    assert parse_config(stream.record).channels == int(channels)


@pytest.mark.parametrize(
    ("fields", "codec", "rate", "output_rate", "frame_length"),
    [
        (((LC, 5), (3, 4), (2, 4), (0, 3)), "mp4a.40.2", 48_000, 48_000, 1024),
        (((LC, 5), (3, 4), (2, 4), (1, 1), (0, 2)), "mp4a.40.2", 48_000, 48_000, 960),
        (((LC, 5), (15, 4), (48_001, 24), (2, 4), (0, 3)), "mp4a.40.2", 48_001, 48_001, 1024),
        (((SBR, 5), (6, 4), (2, 4), (3, 4), (LC, 5), (0, 3)), "mp4a.40.5", 24_000, 48_000, 1024),
        (((PS, 5), (6, 4), (1, 4), (3, 4), (LC, 5), (0, 3)), "mp4a.40.29", 24_000, 48_000, 1024),
        (((LC, 5), (6, 4), (2, 4), (0, 3), *SYNC_SBR), "mp4a.40.5", 24_000, 48_000, 1024),
        (((LC, 5), (6, 4), (0, 4), (0, 3), *PROGRAM, *SYNC_SBR), "mp4a.40.5", 24_000, 48_000, 1024),
        (((LC, 5), (6, 4), (1, 4), (0, 3), *SYNC_SBR, (0x548, 11), (1, 1)), "mp4a.40.29", 24_000, 48_000, 1024),
        (((LC, 5), (3, 4), (2, 4), (0, 3), (0x2B7, 11), (SBR, 5), (0, 1)), "mp4a.40.2", 48_000, 48_000, 1024),
        (((23, 5), (3, 4), (2, 4), (0, 3)), "mp4a.40.23", 48_000, 48_000, 512),
        (((LC, 5), (3, 4), (2, 4), (0, 1), (1, 1), (5, 14), (0, 1)), "mp4a.40.2", 48_000, 48_000, 1024),
    ],
    ids=[
        "lc",
        "960",
        "odd-rate",
        "sbr",
        "ps",
        "sync-sbr",
        "program-sync-sbr",
        "sync-ps",
        "sync-none",
        "ld",
        "core-coder",
    ],
)
def test_signalling_gives_codec_and_rates(
    fields: tuple[tuple[int, int], ...], codec: str, rate: int, output_rate: int, frame_length: int
) -> None:
    """Spectral band replication and parametric stereo are found in front and behind (1.6.5, 1.6.6)."""
    found = parse_config(bits(*fields))
    assert (found.codec, found.sample_rate, found.output_rate) == (codec, rate, output_rate)
    assert found.frame_length == frame_length


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (b"\x12", "1 bytes"),
        (bytes(600), "600 bytes"),
        (bits((8, 5), (3, 4), (2, 4), (0, 3)), "object type 8 is not AAC"),
        (bits((31, 5), (4, 6), (3, 4), (2, 4), (0, 5)), "object type 36 is not AAC"),
        (bits((LC, 5), (13, 4), (2, 4), (0, 3)), "index 13 is reserved"),
        (bits((LC, 5), (15, 4), (5, 24), (2, 4), (0, 3)), "5 Hz"),
        (bits((LC, 5), (3, 4), (15, 4), (0, 3)), "configuration 15 is reserved"),
        (bits((LC, 5), (15, 4), (0, 7)), "ends early"),
        (bits((LC, 5), (3, 4), (0, 4), (0, 3), (0, 64)), "no channel"),
    ],
)
def test_broken_config_says_what_is_wrong(record: bytes, says: str) -> None:
    """The error names the fault, so that an encoder's owner can be told."""
    with pytest.raises(ValueError, match=says):
        parse_config(record)


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_a_config_or_a_value_error(record: bytes) -> None:
    """Hostile bytes never raise anything else, nor give sound without channels or rate."""
    try:
        found = parse_config(record)
    except ValueError:
        return
    assert found.channels > 0
    assert found.sample_rate >= 1_000
