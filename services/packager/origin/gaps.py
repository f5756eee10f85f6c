"""What a rendition lacks of a segment, listed as parts that are not there: its time stays the others' time. Pure.

A player that only adds up durations would otherwise play all that follows too early (RFC 8216bis 6.2.4).
"""

from itertools import pairwise

LEAST_US = 80_000
"""A shorter hole is not listed: renditions are cut between frames, and frames have their lengths."""

LAG_US = 400_000
"""Sound may come this much behind the picture in the stream; only what is longer missing at a cut is lacking."""


def gap_lengths_us(length_us: int, *, target_us: int, least_us: int = LEAST_US) -> list[int]:
    """Lengths of at most the part target that make that gap; none for what is no longer than `least_us`."""
    if length_us <= max(least_us, 0):
        return []
    count = -(-length_us // max(target_us, 1))
    ends = [length_us * number // count for number in range(count + 1)]
    return [end - begin for begin, end in pairwise(ends)]


def gap_begin_us(track_end_us: int, segment_begin_us: int, clock_begin_us: int) -> int:
    """Where a gap at a segment's start begins (wall clock, as all of these are).

    Where the rendition's media ended, if that is so near that the segment before was not filled up to its end; and
    never before the source began, where nothing has to join.
    """
    is_near = track_end_us > segment_begin_us - LAG_US
    return max(track_end_us if is_near else segment_begin_us, clock_begin_us)
