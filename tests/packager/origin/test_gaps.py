"""What is missing is listed, with its length, and nothing else is."""

from hypothesis import given
from hypothesis import strategies as st

from services.packager.origin.gaps import LAG_US, LEAST_US, gap_begin_us, gap_lengths_us


@given(st.integers(LEAST_US + 1, 10_000_000), st.integers(100_000, 2_000_000))
def test_gap_is_cut_into_parts_that_add_up(length_us: int, target_us: int) -> None:
    """No part is above the target, and together they are the hole."""
    lengths = gap_lengths_us(length_us, target_us=target_us)

    assert sum(lengths) == length_us
    assert min(lengths) > 0
    assert max(lengths) <= target_us


@given(st.integers(-1_000_000, LEAST_US))
def test_hole_of_a_frame_is_not_listed(length_us: int) -> None:
    """Renditions are cut between frames, which never lie at the same instant."""
    assert gap_lengths_us(length_us, target_us=300_000) == []


def test_segment_of_one_frame_that_a_rendition_lacks_is_listed_however_short() -> None:
    """A picture alone between two sources is a segment, and its sound a gap of one part."""
    assert gap_lengths_us(33_000, target_us=334_000, least_us=0) == [33_000]
    assert gap_lengths_us(0, target_us=334_000, least_us=0) == []


def test_gap_joins_what_the_segment_before_did_not_fill() -> None:
    """It begins where the sound ended, if that was just before the cut; else at the cut; never before the source."""
    assert gap_begin_us(9_900_000, 10_000_000, 0) == 9_900_000
    assert gap_begin_us(10_000_000 - LAG_US, 10_000_000, 0) == 10_000_000
    assert gap_begin_us(9_900_000, 10_000_000, 9_950_000) == 9_950_000
