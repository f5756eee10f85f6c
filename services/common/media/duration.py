"""How long a stored segment lasts, as playlists say it. Pure."""

from collections.abc import Iterable

from headwater.internal.v1.cmaf_pb2 import SegmentRendition

_US = 1_000_000

LACKING_US = 400_000
"""Renditions are cut between frames, and sound may come a little behind its picture: only what is longer missing is
lacking."""


def length_us(of: SegmentRendition) -> int:
    """Microseconds, as the difference of rounded times: lengths then add up to the program's clock."""
    end = of.decode_time + of.duration
    return round(end * _US / of.timescale) - round(of.decode_time * _US / of.timescale)


def listed_us(told: SegmentRendition | None, of: Iterable[SegmentRendition]) -> int:
    """How long a segment is in the playlist of one of its renditions: as the longest, where that has not all of it.

    A player that adds up durations would otherwise play all that follows too early (RFC 8216bis 6.2.4).
    """
    longest = max((length_us(each) for each in of if each.timescale), default=0)
    own = length_us(told) if told is not None and told.timescale else 0
    return longest if longest - own > LACKING_US or not own else own
