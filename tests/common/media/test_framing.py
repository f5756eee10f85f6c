"""Units on the media log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.media.framing import (
    HEAD_BYTES,
    Flag,
    FramingError,
    Head,
    Kind,
    decode_closed,
    decode_head,
    decode_pieces,
    encode_closed,
    encode_config,
    encode_head,
    encode_unit,
    has_track,
)
from services.common.media.unit import Codec, Config, Track, Unit

_units = st.builds(
    Unit,
    track=st.sampled_from(Track),
    dts=st.integers(-(2**62), 2**62),
    cts=st.integers(0, 2**31 - 1),
    is_key=st.booleans(),
    payload=st.binary(max_size=2000),
)


@given(_units, st.integers(0, 500), st.integers(64, 700))
def test_unit_of_any_size_comes_back_whole(unit: Unit, room: int, piece_bytes: int) -> None:
    """A unit cut into pieces is the same unit when they are joined, and only the last piece ends it."""
    entries = encode_unit(unit, room=room, piece_bytes=piece_bytes)
    pieces = [piece for entry in entries for piece in decode_pieces(bytes(HEAD_BYTES) + entry)]

    assert b"".join(piece.payload for piece in pieces) == unit.payload
    assert [bool(piece.flags & Flag.MORE) for piece in pieces] == [True] * (len(pieces) - 1) + [False]
    assert {(piece.track, piece.dts, piece.cts) for piece in pieces} == {(unit.track, unit.dts, unit.cts)}
    assert all(bool(piece.flags & Flag.KEY) == unit.is_key for piece in pieces)


def test_config_comes_back() -> None:
    """A config is an entry of its own kind."""
    config = Config(Track.AUDIO, Codec.AAC, b"\x11\x90")

    (piece,) = decode_pieces(bytes(HEAD_BYTES) + encode_config(config))

    assert piece.flags == Flag.CONFIG
    assert piece.config == config


@given(st.integers(0, 2**64 - 1), st.integers(1, 2**64 - 1), st.integers(0, 2**32 - 1))
def test_head_comes_back(connection: int, n: int, held_ms: int) -> None:
    """The head carries 64-bit numbers."""
    head = Head(connection, n, Kind.UNITS, 3, held_ms)

    assert decode_head(encode_head(head)) == head


@pytest.mark.parametrize("is_clean", [True, False])
def test_closed_message_says_why(is_clean: bool) -> None:
    """The end of a connection carries its reason."""
    message = encode_closed(connection=5, n=9, reason="peer went away", is_clean=is_clean)

    assert decode_head(message).kind is Kind.CLOSED
    assert decode_closed(message) == ("peer went away", is_clean)


@pytest.mark.parametrize("message", [b"", bytes(10), bytes(24), b"\x01\x09" + bytes(22)])
def test_foreign_head_is_refused_in_words(message: bytes) -> None:
    """A message that is none of ours raises FramingError."""
    with pytest.raises(FramingError, match="media message"):
        decode_head(message)


@given(st.binary(max_size=200))
def test_any_entries_are_read_or_refused(garbage: bytes) -> None:
    """Garbage after the head never raises anything but FramingError."""
    try:
        list(decode_pieces(bytes(HEAD_BYTES) + garbage))
    except FramingError:
        return


@given(st.lists(_units, max_size=4), st.sampled_from(Track))
def test_tracks_of_a_message_are_known_without_its_payloads(units: list[Unit], track: Track) -> None:
    """As they are when it is read whole."""
    entries = b"".join(entry for unit in units for entry in encode_unit(unit, room=10_000, piece_bytes=10_000))
    message = encode_head(Head(1, 1, Kind.UNITS, len(units), 0)) + entries

    assert has_track(message, track) is any(unit.track is track for unit in units)


@given(st.binary(max_size=200))
def test_foreign_entries_are_looked_through_without_harm(garbage: bytes) -> None:
    """What they are is for whoever reads them to say."""
    assert has_track(bytes(HEAD_BYTES) + garbage, Track.VIDEO) in {True, False}
