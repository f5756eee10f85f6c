"""The parts of a tick."""

from headwater.internal.v1.cmaf_pb2 import Tick
from services.packager.cmaf.part import Sample
from services.packager.program.lane import Cut
from services.packager.program.parts import write_parts


def test_head_says_of_each_part_what_lies_in_it() -> None:
    """In the order of the bytes."""
    head = Tick(msn=3, part=2)
    picture = Cut(
        0, 90_000, 6000, 3000, (Sample(b"one", 3000, 3000, is_key=True), Sample(b"two", 3000, 6000, is_key=False))
    )
    sound = Cut(1, 48_000, 1024, 0, (Sample(b"three", 1024, 0, is_key=True),))
    parts = write_parts(head, (picture, sound))

    assert [part.length for part in head.parts] == [len(part) for part in parts]
    assert [(part.rendition, part.decode_time, part.duration, part.shown_after) for part in head.parts] == [
        (0, 90_000, 6000, 3000),
        (1, 48_000, 1024, 0),
    ]
    assert parts[0].endswith(b"onetwo")
    assert [part.independent for part in head.parts] == [True, True]
