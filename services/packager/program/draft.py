"""What a program gives to be written."""

from dataclasses import dataclass

from headwater.internal.v1.cmaf_pb2 import Tick


@dataclass(frozen=True, slots=True)
class Draft:
    """A tick to be written."""

    head: Tick
    parts: tuple[bytes, ...]
    is_remnant: bool = False
    """It ends a segment where none was to end, as its source is gone or changes: it may be much less than a part."""
