"""Lengths of segments: whole microseconds that add up."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.cmaf_pb2 import SegmentRendition
from services.common.media.duration import length_us


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
