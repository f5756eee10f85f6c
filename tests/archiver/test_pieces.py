"""A segment cut out of its ticks."""

import pytest

from headwater.internal.v1.cmaf_pb2 import Rendition, Segment, State, Tick
from services.archiver.pieces import BrokenSegmentError, cut_out
from services.common.media.tick import EncodedTick

PARTS = [(b"v0" * 500, b"a0" * 50), (b"v1" * 700,), (b"v2" * 400, b"a1" * 90)]


def messages(max_payload: int = 1 << 20) -> list[tuple[int, bytes]]:
    """Three ticks, as the log has them."""
    found: list[tuple[int, bytes]] = []
    for number, parts in enumerate(PARTS):
        head = Tick(msn=7, part=number, ends_segment=number == 2, epoch=1)
        for index, raw in enumerate(parts):
            head.parts.add(rendition=index, length=len(raw))
        if number == 0:
            state = State()
            state.renditions.add(number=0, name="video", kind=Rendition.VIDEO, init_id="v", init=b"VIDEO")
            state.renditions.add(number=1, name="audio", kind=Rendition.AUDIO, init_id="a", init=b"AUDIO")
            head.state.CopyFrom(state)
        tick = EncodedTick(head, parts, max_payload=max_payload)
        for index in range(tick.count):
            found.append((10 + 2 * len(found), tick.message(index, previous=0)))
    return found


def segment(of: list[tuple[int, bytes]]) -> Segment:
    found = Segment(msn=7, sequences=[sequence for sequence, _ in of])
    found.renditions.add(number=0, name="video", init_id="v", length=2 * (500 + 700 + 400))
    found.renditions.add(number=1, name="audio", init_id="a", length=2 * (50 + 90))
    return found


@pytest.mark.parametrize("max_payload", [1 << 20, 400])
def test_parts_of_each_rendition_follow_one_another(max_payload: int) -> None:
    """Also where a tick lies in several messages; init segments come out of the state."""
    given = messages(max_payload)

    pieces = cut_out(segment(given), given)

    assert b"".join(pieces.of[0]) == b"v0" * 500 + b"v1" * 700 + b"v2" * 400
    assert b"".join(pieces.of[1]) == b"a0" * 50 + b"a1" * 90
    assert [pieces.renditions[number].init for number in (0, 1)] == [b"VIDEO", b"AUDIO"]


@pytest.mark.parametrize("missing", range(3))
def test_missing_message_is_noticed(missing: int) -> None:
    """A segment with a hole is none."""
    given = messages()
    told = segment(given)
    del given[missing]

    with pytest.raises(BrokenSegmentError, match="1 of its 3 messages are gone"):
        cut_out(told, given)


def test_segment_that_is_not_what_its_message_says_is_broken() -> None:
    """Other lengths, another init segment, foreign bytes."""
    given = messages()
    longer, other = segment(given), segment(given)
    longer.renditions[0].length += 1
    other.renditions[1].init_id = "b"

    with pytest.raises(BrokenSegmentError, match="video has 3200 bytes"):
        cut_out(longer, given)
    with pytest.raises(BrokenSegmentError, match="no init segment b"):
        cut_out(other, given)
    with pytest.raises(BrokenSegmentError, match="no tick"):
        cut_out(segment(given), [(10, b"garbage"), *given[1:]])
