"""A segment cut out of its ticks: each rendition's parts, one behind the other, not copied. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from google.protobuf.message import DecodeError

from headwater.internal.v1.cmaf_pb2 import Rendition, Segment
from services.common.media.tick import LoggedTick, TickAssembler, TickError


class BrokenSegmentError(Exception):
    """The log no longer has, or never had, what the segment message promises."""


@dataclass
class Pieces:
    """What is to be stored of one segment."""

    of: dict[int, list[memoryview]] = field(default_factory=dict)
    """By number of the rendition: its parts, whose bytes together are the segment as viewers fetched it."""
    renditions: dict[int, Rendition] = field(default_factory=dict)
    """By number, with init segments."""

    def add(self, tick: LoggedTick) -> None:
        """Take the next tick."""
        for rendition in tick.head.state.renditions:
            self.renditions[rendition.number] = rendition
        data, at = memoryview(tick.data), 0
        for part in tick.head.parts:
            self.of.setdefault(part.rendition, []).append(data[at : at + part.length])
            at += part.length


def cut_out(segment: Segment, messages: Iterable[tuple[int, bytes]]) -> Pieces:
    """Cut a segment out of the messages (stream sequence, payload) that it names. Errors: BrokenSegmentError."""
    pieces, assembler, found = Pieces(), TickAssembler(), 0
    for sequence, payload in messages:
        found += 1
        try:
            # A view reads like bytes, and spares two copies of the media.
            tick = assembler.feed(sequence, cast("bytes", memoryview(payload)))
        except (TickError, DecodeError) as error:
            raise BrokenSegmentError(f"message {sequence} is no tick: {error}") from error
        if tick is not None:
            pieces.add(tick)
    if found < len(segment.sequences):
        raise BrokenSegmentError(f"{len(segment.sequences) - found} of its {len(segment.sequences)} messages are gone")
    _check(segment, pieces)
    return pieces


def _check(segment: Segment, pieces: Pieces) -> None:
    for told in segment.renditions:
        length = sum(map(len, pieces.of.get(told.number, ())))
        if length != told.length:
            raise BrokenSegmentError(f"{told.name} has {length} bytes in the log; its message says {told.length}")
        rendition = pieces.renditions.get(told.number)
        if rendition is None or rendition.init_id != told.init_id:
            raise BrokenSegmentError(f"{told.name} has no init segment {told.init_id} in the log")
