"""services.ingest.rtmp.avc"""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.rtmp import avc
from services.ingest.rtmp.errors import ProtocolError
from tests.ingest.rtmp.samples import AVC_RECORD, PPS, RECOVERY_LATER, RECOVERY_NOW, SPS, idr, picture, unit

I_SLICE = b"\x41\x88"


@pytest.mark.parametrize(
    ("access_unit", "is_flagged", "is_key"),
    [
        (idr(), True, True),
        (idr(), False, True),
        (unit(SPS, PPS, b"\x65\x88"), False, True),
        (picture(), False, False),
        (picture(), True, False),
        (unit(RECOVERY_NOW, I_SLICE), True, True),
        (unit(RECOVERY_NOW, I_SLICE), False, False),
        (unit(RECOVERY_LATER, I_SLICE), True, False),
        (unit(b"\x06\x05\x01\x00" + RECOVERY_NOW[1:], I_SLICE), True, True),
        (unit(b"", b"\x65\x88"), False, True),
    ],
)
def test_key_is_what_the_nal_units_say(access_unit: bytes, is_flagged: bool, is_key: bool) -> None:
    """IDR is a key whatever the flag says; an I-picture only if flagged and promised to be exact."""
    assert avc.starts_decoding(memoryview(access_unit), 4, is_flagged=is_flagged) is is_key


@pytest.mark.parametrize(
    "access_unit",
    [b"", b"\x00", b"\x00\x00\x00\x09\x65", unit(SPS), b"\x00\x00\x00\x00" * 100, b"\x00\x00\x00\x01\x65\x88"],
)
def test_unit_that_is_no_access_unit_is_refused(access_unit: bytes) -> None:
    """Lengths that overrun, units without a slice and start codes are not carried on."""
    with pytest.raises(ProtocolError):
        avc.starts_decoding(memoryview(access_unit), 4, is_flagged=True)


def test_length_size_comes_from_the_record() -> None:
    """lengthSizeMinusOne is the low two bits of the fifth byte."""
    assert avc.length_size(AVC_RECORD) == 4
    assert avc.length_size(AVC_RECORD[:4] + b"\xfc" + AVC_RECORD[5:]) == 1


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\x00" + AVC_RECORD[1:],
        AVC_RECORD[:-1],
        AVC_RECORD[:12],
        AVC_RECORD[:5] + b"\xe0" + AVC_RECORD[6:],
        AVC_RECORD[:4] + b"\xfe" + AVC_RECORD[5:],
    ],
)
def test_record_without_parameter_sets_is_refused(record: bytes) -> None:
    """A configuration that no decoder could use is none."""
    with pytest.raises(ProtocolError, match=r"H\.264 configuration"):
        avc.length_size(record)


@given(st.binary(max_size=100), st.sampled_from((1, 2, 4)), st.booleans())
def test_random_bytes_give_an_answer_or_a_protocol_error(data: bytes, size: int, is_flagged: bool) -> None:
    """Nothing a peer sends raises anything else."""
    with contextlib.suppress(ProtocolError):
        avc.length_size(data)
    with contextlib.suppress(ProtocolError):
        avc.starts_decoding(memoryview(data), size, is_flagged=is_flagged)
