"""Ticks on the CMAF log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.cmaf_pb2 import Tick
from services.common.media.tick import EncodedTick, LoggedTick, TickAssembler, TickError, decode_frame, decode_head


def _head(parts: list[bytes], epoch: int = 1, msn: int = 0) -> Tick:
    head = Tick(epoch=epoch, msn=msn)
    for number, part in enumerate(parts):
        head.parts.add(rendition=number, length=len(part))
    return head


def _messages(parts: list[bytes], *, max_payload: int, epoch: int = 1, msn: int = 0) -> list[bytes]:
    tick = EncodedTick(_head(parts, epoch, msn), parts, max_payload=max_payload)
    return [tick.message(i, previous=i) for i in range(tick.count)]


@given(st.lists(st.binary(max_size=300), max_size=3), st.integers(40, 500))
def test_tick_of_any_size_comes_back_whole(parts: list[bytes], max_payload: int) -> None:
    """However many messages a tick takes, its reader gets the same head and parts, and the sequences they lie at."""
    messages = _messages(parts, max_payload=max_payload)
    assembler = TickAssembler()

    whole = [assembler.feed(10 + i, message) for i, message in enumerate(messages)]

    assert whole[:-1] == [None] * (len(messages) - 1)
    assert all(len(message) <= max_payload for message in messages)
    tick = whole[-1]
    assert isinstance(tick, LoggedTick)
    assert (tick.first_sequence, tick.last_sequence) == (10, 9 + len(messages))
    assert [tick.part_bytes(i) for i in range(len(parts))] == parts


def test_unfinished_tick_is_void_when_the_next_begins() -> None:
    """What a dead writer left behind is never part of what its heir writes."""
    dead = _messages([b"a" * 100], max_payload=60, epoch=1)
    heir = _messages([b"b" * 100], max_payload=60, epoch=2)
    assembler = TickAssembler()

    assert assembler.feed(1, dead[0]) is None
    assert assembler.is_inside_tick
    ticks = [assembler.feed(2 + i, message) for i, message in enumerate(heir)]

    assert ticks[-1] is not None
    assert ticks[-1].part_bytes(0) == b"b" * 100


def test_late_piece_of_another_writer_is_not_taken_in() -> None:
    """A piece with a foreign epoch ends the tick instead of completing it."""
    dead = _messages([b"a" * 100], max_payload=60, epoch=1)
    heir = _messages([b"b" * 100], max_payload=60, epoch=2)
    assembler = TickAssembler()

    assembler.feed(1, heir[0])

    assert assembler.feed(2, dead[1]) is None
    assert not assembler.is_inside_tick


def test_frame_names_the_message_before() -> None:
    """A reader can walk a subject backwards."""
    last = _messages([b"a" * 100], max_payload=60)[-1]

    frame = decode_frame(last)

    assert frame.completes_tick
    assert frame.previous == frame.index


@pytest.mark.parametrize("message", [b"", b"H", b"\x48\x09" + bytes(30), b"\x00" * 64])
def test_foreign_bytes_are_refused_in_words(message: bytes) -> None:
    """A message that is no tick raises TickError."""
    with pytest.raises(TickError, match="tick message"):
        TickAssembler().feed(1, message)


def test_head_is_read_off_the_message_that_has_it() -> None:
    """Who walks back needs no whole tick: the first message says what the tick is, the others say nothing of it."""
    first, second, *_ = _messages([b"a" * 100], max_payload=60)

    head = decode_head(first)

    assert head is not None
    assert [part.length for part in head.parts] == [100]
    assert decode_head(second) is None
