"""services.ingest.rtmp.amf0"""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.rtmp import amf0
from services.ingest.rtmp.amf0 import Date, EcmaArray
from services.ingest.rtmp.errors import ProtocolError
from services.ingest.rtmp.limits import Limits

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False),
    st.text(max_size=40),
    st.builds(Date, st.floats(allow_nan=False), st.integers(-720, 720)),
)
NAMES = st.text(min_size=1, max_size=10)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(NAMES, inner, max_size=4),
        st.dictionaries(NAMES, inner, max_size=4).map(EcmaArray),
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("00 3ff0000000000000", 1.0),
        ("01 01", True),
        ("02 0003 6b6579", "key"),
        ("03 0001 61 05 000009", {"a": None}),
        ("05", None),
        ("06", None),
        ("07 0001", None),
        ("08 00000009 0001 61 0100 000009", {"a": False}),
        ("0a 00000002 05 0101", [None, True]),
        ("0b 4270000000000000 0000", Date(2.0**40)),
        ("0c 00000001 61", "a"),
        ("0d", None),
        ("0f 00000001 61", "a"),
        ("10 0001 63 0001 61 0101 000009", {"a": True}),
        ("08 00000001 0001 61 0101", {"a": True}),
    ],
)
def test_each_marker_parses(wire: str, value: object) -> None:
    """Every marker encoders send has its value; a wrong member count and a missing end do not matter."""
    assert amf0.parse(bytes.fromhex(wire)) == [value]


@given(st.lists(VALUES, max_size=4))
def test_rendered_values_parse_to_themselves(values: list[amf0.Value]) -> None:
    """parse is the inverse of render, types included."""
    parsed = amf0.parse(amf0.render(*values))
    assert parsed == values
    assert [type(value) for value in parsed] == [type(value) for value in values]


def test_text_above_64_kb_becomes_a_long_string() -> None:
    """A text that a short string cannot hold is still the same text."""
    text = "ä" * 40_000
    assert amf0.render(text)[0] == 0x0C
    assert amf0.parse(amf0.render(text)) == [text]


@given(st.binary(max_size=200))
def test_random_bytes_give_values_or_a_protocol_error(data: bytes) -> None:
    """Nothing a peer writes raises anything else."""
    with contextlib.suppress(ProtocolError):
        amf0.parse(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x0a\x00\x00\x00\x01" * 17 + b"\x05", "too deep"),
        (b"\x0a\xff\xff\xff\xff" + b"\x05" * 2000, "too many"),
        (b"\x02\xff\xffabc", "cut short"),
        (b"\x03\x00\x01a", "cut short"),
        (b"\x11\x06", "0x11"),
    ],
)
def test_hostile_values_are_refused_with_a_reason(data: bytes, reason: str) -> None:
    """Depth and count are bounded before memory is, and each refusal says which."""
    with pytest.raises(ProtocolError, match=reason):
        amf0.parse(data, Limits(value_depth=16, value_count=1024))
