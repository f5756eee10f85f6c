"""What a program gives to be written."""

from dataclasses import dataclass

from headwater.internal.v1.cmaf_pb2 import Tick


@dataclass(frozen=True, slots=True)
class Draft:
    """A tick to be written."""

    head: Tick
    parts: tuple[bytes, ...]
