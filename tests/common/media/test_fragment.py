"""Reading parts and segments that are damaged, foreign or without their media."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.media.box import box, full_box
from services.common.media.fragment import MAX_SAMPLES, read_segment, skeleton
from services.common.media.init_segment import InitSegment
from services.packager.cmaf.part import Sample, part

INIT = InitSegment(1, b"vide", 90_000, b"", b"", 160, 90, 3000, 4, 0x10000)
PARTS = [
    part(number, 1, 9000 * number, [Sample(b"one!", 3000, 0, True), Sample(b"two", 6000, 10, False)])
    for number in (1, 2, 3)
]
SEGMENT = b"".join(PARTS)

MEDIA_AT = 92
"""Where the media of `fragment` begins, if its run has no rows."""


def fragment(*, tfhd: bytes = struct.pack(">II", 0x20000, 1), trun: bytes, count: int = 1) -> bytes:
    """Make a moof of `count` track fragments that holds these two boxes, and eight bytes of media."""
    track = box(b"traf", box(b"tfhd", tfhd), full_box(b"tfdt", 0, 0, struct.pack(">I", 7)), box(b"trun", trun))
    return box(b"moof", full_box(b"mfhd", 0, 0, bytes(4)), track * count) + box(b"mdat", b"abcdefgh")


def run(flags: int, *numbers: int) -> bytes:
    return struct.pack(f">I{len(numbers)}i", flags, *numbers)


def test_segment_gives_its_parts_in_order() -> None:
    """Times go on, and offsets count from the start of the segment."""
    found = list(read_segment(SEGMENT, INIT))
    assert [one.sequence for one in found] == [1, 2, 3]
    for number, one in enumerate(found, 1):
        assert SEGMENT[one.data_offset : one.data_offset + one.data_length] == b"one!two"
        assert [(row.dts, row.cts, row.is_key) for row in one.samples] == [
            (9000 * number, 0, True),
            (9000 * number + 3000, 10, False),
        ]


def test_skeleton_reads_as_the_segment_does() -> None:
    """Without its media a segment still tells where that lies."""
    bare = skeleton(SEGMENT)
    assert len(bare) == len(SEGMENT) - 3 * len(b"one!two")
    assert list(read_segment(bare, INIT, is_skeleton=True)) == list(read_segment(SEGMENT, INIT))


def test_other_boxes_between_parts_are_passed_over() -> None:
    """A segment may have styp, prft or emsg boxes (23000-19, 7.3.3)."""
    data = box(b"styp", b"msdh") + PARTS[0] + box(b"emsg", b"..") + PARTS[1]
    assert [one.sequence for one in read_segment(data, INIT)] == [1, 2]


def test_defaults_of_the_init_segment_hold_where_the_part_says_nothing() -> None:
    """Duration, size and flags come from trex, and the first sample's flags from the run."""
    data = fragment(trun=run(0x5, 2, MEDIA_AT + 4, 0))
    (found,) = read_segment(data, INIT)
    assert [(one.dts, one.duration, one.size, one.is_key) for one in found.samples] == [
        (7, 3000, 4, True),
        (3007, 3000, 4, False),
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (SEGMENT[:-1], "a box ends at"),
        (SEGMENT[: len(PARTS[0]) + 50], "a box ends at"),
        (box(b"mdat"), "without a moof"),
        (fragment(trun=run(1, 1, MEDIA_AT))[:-16], "without media"),
        (box(b"moof") + box(b"mdat"), "no mfhd"),
        (fragment(trun=run(1, 1, MEDIA_AT), count=0), "0 track fragments"),
        (fragment(trun=run(1, 1, MEDIA_AT), count=2), "2 track fragments"),
        (fragment(trun=run(0, 1)), "no data offset"),
        (fragment(trun=run(1, 0, MEDIA_AT)), "0 samples"),
        (fragment(trun=run(1, MAX_SAMPLES + 1, MEDIA_AT)), "100001 samples"),
        (fragment(trun=run(0x201, 9, MEDIA_AT, 1, 1)), "trun at byte .* is too short"),
        (fragment(trun=run(1, 3, MEDIA_AT)), "lie outside the media"),
        (fragment(trun=run(1, 1, MEDIA_AT - 1)), "lie outside the media"),
        (fragment(trun=run(1, 1, MEDIA_AT), tfhd=struct.pack(">II", 0x20000, 2)), "track 2"),
        (fragment(trun=run(1, 1, MEDIA_AT), tfhd=struct.pack(">IIQ", 1, 1, 0)), "absolute data offset"),
        (fragment(trun=run(1, 1, MEDIA_AT), tfhd=struct.pack(">III", 0x20002, 1, 2)), "sample description"),
    ],
)
def test_broken_segment_says_what_is_wrong(data: bytes, says: str) -> None:
    """The error names the fault."""
    with pytest.raises(ValueError, match=says):
        list(read_segment(data, INIT))


def test_size_that_cannot_be_is_refused() -> None:
    """Media of more than 2 GB in one skeleton is a damaged size."""
    bare = skeleton(SEGMENT)[:-8] + struct.pack(">I4s", 1 << 31, b"mdat")
    with pytest.raises(ValueError, match="more than 2147483648 bytes"):
        list(read_segment(bare, INIT, is_skeleton=True))


@settings(deadline=None)
@given(st.integers(0, len(SEGMENT) - 1), st.integers(0, 255), st.integers(0, len(SEGMENT)), st.booleans())
def test_mutated_segment_is_read_or_a_value_error(at: int, byte: int, cut: int, is_skeleton: bool) -> None:
    """A byte changed and the end cut off never raise anything else, nor name bytes outside the segment."""
    data = (SEGMENT[:at] + bytes([byte]) + SEGMENT[at + 1 :])[:cut]
    try:
        found = list(read_segment(data, INIT, is_skeleton=is_skeleton))
    except ValueError:
        return
    if not is_skeleton:
        assert all(0 <= one.data_offset <= one.data_offset + one.data_length <= len(data) for one in found)
