"""Boxes, well-formed and not."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.media.box import box, boxes, child, data_header, fields, full_box, header, whole

KIND = st.binary(min_size=4, max_size=4)


@settings(deadline=None)
@given(st.lists(st.tuples(KIND, st.binary(max_size=30)), max_size=8))
def test_boxes_side_by_side_read_back(written: list[tuple[bytes, bytes]]) -> None:
    """Kinds and bodies come back in order."""
    data = b"".join(box(kind, body) for kind, body in written)
    assert [(one.kind, data[one.body : one.end]) for one in boxes(data)] == written


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_boxes_or_a_value_error(data: bytes) -> None:
    """Reading ends, and never leaves the data."""
    try:
        found = list(boxes(data))
    except ValueError:
        return
    assert all(one.start < one.body <= one.end <= len(data) for one in found)


def test_child_is_found_by_path() -> None:
    """The first box of each name on the way, past others."""
    data = box(b"moov", box(b"free"), box(b"trak", box(b"tkhd"), full_box(b"mdhd", 1, 2, b"ab")), box(b"trak"))
    found = child(data, whole(data), "moov/trak/mdhd")
    assert data[found.body : found.end] == b"\1\0\0\2ab"
    with pytest.raises(ValueError, match="box trak has no mdia"):
        child(data, whole(data), "moov/trak/mdia")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\0\0\0", "header at byte 0 is cut short"),
        (struct.pack(">I4s", 1, b"mdat") + bytes(7), "header at byte 0 is cut short"),
        (struct.pack(">I4s", 7, b"mdat"), "mdat at byte 0 says it has 7 bytes"),
        (struct.pack(">I4sQ", 1, b"mdat", 15), "says it has 15 bytes"),
        (struct.pack(">I4s", 0, b"\xffdat"), r"\\xffdat at byte 0 says it has 0"),
        (box(b"free") + struct.pack(">I4s", 9, b"mdat"), "mdat at byte 8 ends at 17, what holds it at 16"),
    ],
)
def test_broken_box_says_what_is_wrong(data: bytes, says: str) -> None:
    """The error names the box and where it lies."""
    with pytest.raises(ValueError, match=says):
        list(boxes(data))


def test_fields_beyond_the_box_are_refused() -> None:
    """Numbers are not read from the box that follows."""
    data = box(b"tfdt", b"\0\0\0\5") + box(b"free")
    first = next(boxes(data))
    assert fields(data, first, struct.Struct(">I")) == (5,)
    with pytest.raises(ValueError, match="tfdt at byte 0 is too short"):
        fields(data, first, struct.Struct(">I"), 1)


@pytest.mark.parametrize(("length", "size"), [(0, 8), ((1 << 32) - 9, 8), ((1 << 32) - 8, 16), (1 << 40, 16)])
def test_header_of_media_is_long_only_where_it_must(length: int, size: int) -> None:
    """From 4 GB on the length has 64 bits (14496-12, 4.2)."""
    data = data_header(b"mdat", length)
    found = header(data, 0, len(data))
    assert (len(data), found.body, found.end) == (size, size, size + length)
