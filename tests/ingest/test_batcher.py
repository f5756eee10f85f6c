"""Messages out of units: every unit once, in order, none too large, none too late."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.media.framing import (
    Flag,
    Head,
    Kind,
    Piece,
    decode_pieces,
    encode_config,
    encode_head,
)
from services.common.media.unit import CLOCK_RATE, Codec, Config, Track, Unit
from services.ingest.batcher import SOUND_WAIT_S, Batcher, BatchLimits, Body

AVC = Config(Track.VIDEO, Codec.H264, b"avc")
AAC = Config(Track.AUDIO, Codec.AAC, b"aac")
LIMITS = BatchLimits(size_bytes=4_000)
ROOM = LIMITS.size_bytes + len(encode_config(AVC)) + len(encode_config(AAC))
FRAME = CLOCK_RATE // 30


def pieces(body: Body) -> list[Piece]:
    head = encode_head(Head(1, 1, Kind.UNITS, body.count, 0))
    found = list(decode_pieces(head + body.entries))
    assert len(found) == body.count
    return found


def joined(bodies: list[Body]) -> Iterator[Unit | Config]:
    """What a reader makes of messages; fails where pieces do not fit together."""
    held: list[Piece] = []
    for body in bodies:
        assert body.continues == bool(held)
        for piece in pieces(body):
            if piece.flags & Flag.CONFIG:
                assert not held
                yield piece.config
                continue
            held.append(piece)
            if not piece.flags & Flag.MORE:
                first = held[0]
                payload = b"".join(part.payload for part in held)
                yield Unit(first.track, first.dts, first.cts, bool(first.flags & Flag.KEY), payload)
                held = []
    assert not held


def video(index: int, *, is_key: bool = False, size: int = 10) -> Unit:
    return Unit(Track.VIDEO, index * FRAME, 0, is_key, bytes([index % 251]) * size)


def audio(index: int, size: int = 8) -> Unit:
    return Unit(Track.AUDIO, index * 1920, 0, True, bytes([index % 251]) * size)


def batch(units: list[Unit], limits: BatchLimits = LIMITS, *configs: Config, every_s: float = 0.0) -> list[Body]:
    batcher = Batcher(limits)
    for config in configs or (AVC, AAC):
        batcher.add_config(config)
    bodies = [body for at, unit in enumerate(units) for body in batcher.add(unit, at * every_s)]
    return bodies + batcher.flush()


@st.composite
def streams(draw: st.DrawFn) -> list[Unit]:
    """Interleaved picture and sound with units of all sizes; each payload is unlike its neighbours'."""
    units = []
    dts = {Track.VIDEO: 0, Track.AUDIO: 0}
    shape = st.tuples(st.sampled_from(Track), st.booleans(), st.integers(0, 13_000), st.integers(1, 9000))
    for number, (track, is_key, size, step) in enumerate(draw(st.lists(shape, max_size=60))):
        dts[track] += step
        payload = (number.to_bytes(4, "big") * (size // 4 + 1))[:size]
        units.append(Unit(track, dts[track], 0, is_key or track is Track.AUDIO, payload))
    return units


@given(streams(), st.integers(4_000, 9_000))
def test_every_unit_is_in_the_messages_once_and_in_order(units: list[Unit], size: int) -> None:
    """Whatever the sizes, what a reader joins is what went in."""
    bodies = batch(units, BatchLimits(size_bytes=size))
    assert [unit for unit in joined(bodies) if isinstance(unit, Unit)] == units
    assert sum(body.units for body in bodies) == len(units)


@given(streams())
def test_no_message_is_larger_than_the_limit_and_its_configs(units: list[Unit]) -> None:
    """A unit above the limit is cut into pieces."""
    assert all(len(body.entries) <= ROOM for body in batch(units))


@given(streams())
def test_key_frame_begins_a_message_with_all_configs_before_it(units: list[Unit]) -> None:
    """A reader may begin at any message marked so, and no other holds a key frame."""
    for body in batch(units):
        found = [piece for piece in pieces(body) if not piece.flags & Flag.CONFIG]
        if body.begins_gop:
            assert [piece.config for piece in pieces(body)[:2]] == [AVC, AAC]
            assert found[0].flags & Flag.KEY
        keys = [at for at, piece in enumerate(found) if piece.track is Track.VIDEO and piece.flags & Flag.KEY]
        assert body.continues or keys == ([0] if body.begins_gop and found[0].track is Track.VIDEO else [])


def test_config_that_changes_is_announced_before_the_next_unit() -> None:
    """Not only at the next key frame."""
    batcher = Batcher(LIMITS)
    batcher.add_config(AVC)
    batcher.add(video(0, is_key=True), 0.0)
    batcher.add_config(AAC)
    batcher.add(audio(0), 0.0)
    assert list(joined(batcher.flush())) == [AVC, video(0, is_key=True), AAC, audio(0)]


def test_message_is_due_when_its_oldest_unit_has_waited() -> None:
    """The delay counts from the unit that opened the message."""
    batcher = Batcher(BatchLimits(delay_s=0.15))
    assert batcher.due_at is None
    batcher.add(video(0, is_key=True), 5.0)
    batcher.add(video(1), 5.1)
    assert batcher.due_at == pytest.approx(5.15)
    (body,) = batcher.flush()
    assert (body.accepted_at, body.units, batcher.due_at) == (5.0, 2, None)
    assert batcher.flush() == []


def test_unit_that_ends_a_part_goes_at_once() -> None:
    """At 30 frames a second the eleventh frame ends the part of the first ten."""
    batcher = Batcher(BatchLimits())
    batcher.add_config(AVC)
    ready = [bool(batcher.add(video(index, is_key=index == 0), 0.0)) for index in range(31)]
    assert [index for index, is_ready in enumerate(ready) if is_ready] == [10, 20, 30]


def test_full_message_goes_at_once() -> None:
    """It does not wait for the unit that would not fit."""
    batcher = Batcher(LIMITS)
    bodies = batcher.add(video(0, is_key=True, size=LIMITS.size_bytes - 20), 0.0)
    assert len(bodies) == 1
    assert batcher.due_at is None


def test_sound_alone_has_beginnings_every_two_seconds() -> None:
    """Or else nobody could begin to read, and an overflow would drop all that is to come."""
    frames = [audio(index) for index in range(300)]
    bodies = batch(frames, BatchLimits(), AAC)
    starts = [pieces(body)[1].dts for body in bodies if body.begins_gop]
    assert starts[0] == 0
    gaps = {later - earlier for earlier, later in itertools.pairwise(starts)}
    assert all(2 * CLOCK_RATE <= gap < 2 * CLOCK_RATE + 2 * 1920 for gap in gaps)


def test_picture_announced_and_never_sent_does_not_keep_sound_from_beginning() -> None:
    """A config is no picture."""
    bodies = batch([audio(index) for index in range(200)], BatchLimits(), AVC, AAC)
    assert sum(body.begins_gop for body in bodies) > 1


def test_huge_unit_comes_in_pieces_each_a_message() -> None:
    """Only the first is a beginning, only the last counts the unit, and what follows is whole."""
    units = [video(0, is_key=True, size=50_000), video(1)]
    bodies = batch(units)
    assert [body.begins_gop for body in bodies] == [True] + [False] * (len(bodies) - 1)
    assert [body.units for body in bodies] == [0] * (len(bodies) - 1) + [2]
    assert list(joined(bodies))[2:] == units


def test_what_ends_a_part_goes_with_the_sound_that_is_heard_with_it() -> None:
    """Not before it, and without it a tenth of a second later: the packager would hold the part back."""
    batcher = Batcher(BatchLimits(delay_s=10))
    batcher.add_config(AVC)
    batcher.add_config(AAC)
    assert not batcher.add(video(0, is_key=True), 0.0)
    ending = next(index for index in range(1, 12) if not batcher.add(video(index), 1.0) and batcher.due_at != 10)
    assert batcher.due_at == 1.0 + SOUND_WAIT_S
    assert not batcher.add(audio(ending * FRAME // 1920), 1.02)  # still of the part before
    (body,) = batcher.add(audio(ending * FRAME // 1920 + 1), 1.04)
    assert pieces(body)[-1].track is Track.AUDIO


def test_what_ends_a_part_goes_at_once_where_there_is_no_sound() -> None:
    """There is nothing to wait for."""
    batcher = Batcher(BatchLimits(delay_s=0.4))
    batcher.add_config(AVC)
    batcher.add(video(0, is_key=True), 0.0)
    assert any(batcher.add(video(index), 1.0) for index in range(1, 12))
