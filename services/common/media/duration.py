"""How long a stored segment lasts, as playlists say it. Pure."""

from headwater.internal.v1.cmaf_pb2 import SegmentRendition

_US = 1_000_000


def length_us(of: SegmentRendition) -> int:
    """Microseconds, as the difference of rounded times: lengths then add up to the program's clock."""
    end = of.decode_time + of.duration
    return round(end * _US / of.timescale) - round(of.decode_time * _US / of.timescale)
