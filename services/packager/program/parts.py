"""The parts of one tick: their bytes, and what a playlist must know of them. Pure."""

from collections.abc import Iterable

from headwater.internal.v1.cmaf_pb2 import Tick
from services.packager.cmaf.part import part
from services.packager.program.lane import Cut


def write_parts(head: Tick, cuts: Iterable[Cut]) -> tuple[bytes, ...]:
    """Write the parts of a tick with this head, and note them there."""
    sequence = ((head.msn << 10) + head.part + 1) & 0xFFFFFFFF
    parts = []
    for found in cuts:
        parts.append(part(sequence, 1, found.decode_time, found.samples))
        head.parts.add(
            rendition=found.number,
            length=len(parts[-1]),
            duration=found.duration,
            decode_time=found.decode_time,
            independent=found.independent,
            shown_after=found.shown_after,
            moved=found.moved,
        )
    return tuple(parts)
