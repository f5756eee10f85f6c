"""Lengths of segments: whole microseconds that add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.cmaf_pb2 import SegmentRendition
from services.common.media.duration import length_us, listed_us


@given(
    st.integers(0, 2**48),
    st.lists(st.integers(1, 2**20), min_size=1, max_size=20),
    st.sampled_from([44_100, 48_000, 90_000]),
)
def test_lengths_add_up_to_the_whole(begin: int, ticks: list[int], timescale: int) -> None:
    """However many segments follow one another, nothing drifts."""
    at, total = begin, 0
    for count in ticks:
        total += length_us(SegmentRendition(decode_time=at, duration=count, timescale=timescale))
        at += count
    assert total == length_us(SegmentRendition(decode_time=begin, duration=sum(ticks), timescale=timescale))


@pytest.mark.parametrize(
    ("sound_s", "listed_s"), [(2.0, 2.0), (2.1, 2.1), (1.7, 1.7), (1.07, 2.0), (0.0, 2.0), (None, 2.0)]
)
def test_segment_that_a_rendition_has_not_all_of_is_listed_as_long_as_the_others(
    sound_s: float | None, listed_s: float
) -> None:
    """What comes behind a hole keeps its place; the difference of a few frames is none."""
    picture = SegmentRendition(name="video", timescale=90_000, duration=180_000)
    sound = SegmentRendition(name="audio", timescale=48_000, duration=round((sound_s or 0) * 48_000))
    both = [picture] if sound_s is None else [picture, sound]

    assert listed_us(None if sound_s is None else sound, both) == round(listed_s * 1_000_000)
    assert listed_us(picture, both) == 2_000_000
