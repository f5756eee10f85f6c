"""H.264 configuration records and access units, made by x264 and mutated."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.media.avc import AvcConfig, build_record, has_idr, nal_units, parameter_sets, parse_record
from tests.common.media.encoded import Stream, encode_alone

RECORD = bytes.fromhex("0164000bffe1001867 64000bacb4146fc98088000003000800000301e078a155010004 68ef0fcbfdf8f800")
SPS, PPS = RECORD[8:32], RECORD[35:39]


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Stream:
    path = tmp_path_factory.mktemp("coded") / "coded.mp4"
    options = ("-c:v", "libx264", "-frames:v", "6", "-g", "3", "-sc_threshold", "0", "-x264-params", "aud=1:slices=3")
    return encode_alone(path, "testsrc2=size=160x90", *options)


def test_real_record_is_written_again_byte_for_byte(coded: Stream) -> None:
    """What ffmpeg wrote is already canonical, so nothing changes."""
    for record in (RECORD, coded.record):
        assert build_record(parse_record(record)) == record


@pytest.mark.parametrize(
    "record",
    [RECORD + b"\0\1", RECORD[:-4], RECORD[:4] + b"\x03" + RECORD[5:], RECORD[:5] + b"\x01" + RECORD[6:]],
    ids=["longer", "no-extension", "reserved-length-bits", "reserved-count-bits"],
)
def test_odd_encoders_record_is_the_same_configuration(record: bytes) -> None:
    """Reserved bits, trailing bytes and the end of high profiles do not matter, and are written properly."""
    assert parse_record(record) == parse_record(RECORD)
    assert build_record(parse_record(record)) == RECORD


def test_codec_string_has_profile_constraints_and_level() -> None:
    """RFC 6381: six hex digits, of the SPS even where the record disagrees."""
    wrong = RECORD[:1] + b"\x42\xe0\x1f" + RECORD[4:]
    assert parse_record(RECORD).codec == parse_record(wrong).codec == "avc1.64000B"
    assert parse_record(RECORD).picture.width == 160


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (b"", "0 bytes"),
        (bytes(20_000), "20000 bytes"),
        (b"\2" + RECORD[1:], "version 2"),
        (RECORD[:4] + b"\xfe" + RECORD[5:], "lengths of 3"),
        (RECORD[:5] + b"\xe0\0", "no SPS"),
        (RECORD[:32] + b"\0", "no PPS"),
        (RECORD[:20], "within a SPS"),
        (RECORD[:32], "number of PPS"),
        (RECORD[:37], "within a PPS"),
        (RECORD[:6] + b"\0\0" + RECORD[8:], "SPS is empty"),
    ],
)
def test_broken_record_says_what_is_wrong(record: bytes, says: str) -> None:
    """The error names the fault, so that an encoder's owner can be told."""
    with pytest.raises(ValueError, match=says):
        parse_record(record)


@settings(deadline=None)
@given(st.integers(0, len(RECORD) - 1), st.integers(0, 255), st.integers(0, len(RECORD)))
def test_mutated_record_is_a_configuration_or_a_value_error(at: int, byte: int, cut: int) -> None:
    """A record with a byte changed and its end cut off never raises anything else."""
    record = (RECORD[:at] + bytes([byte]) + RECORD[at + 1 :])[:cut]
    try:
        config = parse_record(record)
    except ValueError:
        return
    assert parse_record(build_record(config)) == config


def test_idr_is_found_behind_other_units(coded: Stream) -> None:
    """SEI and delimiter come first, and ffmpeg's mark of keys is ours."""
    marks = [has_idr(payload) for payload, *_ in coded.units]
    assert marks == [is_key for *_, is_key in coded.units]
    assert sum(marks) == 2
    assert [nal[0] & 31 for nal in nal_units(coded.units[0][0])] == [6, 9, 5, 5, 5]


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=20), max_size=8), st.sampled_from([1, 2, 4]))
def test_units_come_apart_as_they_were_joined(units: list[bytes], length_size: int) -> None:
    """Each NAL unit comes back, whatever the size of lengths; empty ones vanish."""
    payload = b"".join(len(unit).to_bytes(length_size, "big") + unit for unit in (*units, b""))
    assert list(nal_units(payload, length_size)) == units


@pytest.mark.parametrize("payload", [b"\0\0\0", b"\0\0\0\5abcd", b"\0\0\0\1a\xff\xff\xff\xffa"])
def test_length_beyond_the_end_is_refused(payload: bytes) -> None:
    """A NAL unit that would run past its access unit is an error."""
    with pytest.raises(ValueError, match="access unit of"):
        list(nal_units(payload))


def test_parameter_sets_are_units_of_the_stream() -> None:
    """SPS and PPS with their lengths, as an access unit holds them."""
    config = parse_record(RECORD)
    assert list(nal_units(parameter_sets(config))) == [SPS, PPS]
    with pytest.raises(ValueError, match="does not fit"):
        parameter_sets(AvcConfig((SPS + bytes(300),), (PPS,), length_size=1))
