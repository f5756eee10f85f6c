"""One instance's messages: in order, once, whole."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.media.framing import (
    FramingError,
    Head,
    Kind,
    encode_closed,
    encode_config,
    encode_head,
    encode_unit,
)
from services.common.media.unit import Track, Unit
from services.packager.program.ordering import MAX_EARLY, ConnectionOrder, Item, Place
from tests.packager.program.synthetic import AAC_48K, Entry, Source, avc, log, with_configs


def _names(items: list[Item]) -> list[str]:
    return [item.content.payload.decode().rstrip("\0") for item in items if isinstance(item.content, Unit)]


def _feed(order: ConnectionOrder, messages: list[bytes]) -> list[Item]:
    return [
        item
        for sequence, message in enumerate(messages, 1)
        for batch in order.feed(sequence, 0, message)
        for item in batch.items
    ]


def _messages(connection: int = 5, *, until_s: float = 1.0, piece_bytes: int = 60_000) -> list[bytes]:
    source = Source(tag=str(connection), until_s=until_s, frame_bytes=50)
    found = log(with_configs(source.units(), source.configs), connection=connection, piece_bytes=piece_bytes)
    return [message.payload for message in found]


def _message(n: int, entries: list[bytes], connection: int = 5) -> bytes:
    return encode_head(Head(connection, n, Kind.UNITS, len(entries), 0)) + b"".join(entries)


def _pieces(name: str, dts: int, count: int, *, is_key: bool = False) -> list[bytes]:
    payload = name.encode().ljust(100 * count, b"\0")
    return encode_unit(Unit(Track.VIDEO, dts, 0, is_key, payload), room=1, piece_bytes=120)


@given(st.integers(0, 2**32))
@settings(max_examples=60)
def test_doubled_and_disordered_messages_come_once_in_order(seed: int) -> None:
    """Whatever order they lie in, and however often: n = 1, 2, 3 …"""
    chance, messages = random.Random(seed), _messages()
    shuffled = [*messages, *chance.choices(messages, k=10)]
    chance.shuffle(shuffled)

    assert _names(_feed(ConnectionOrder(), shuffled)) == _names(_feed(ConnectionOrder(), messages))


def test_earlier_connection_is_ignored_once_a_later_one_was_seen() -> None:
    """What a replaced encoder's ingest still writes is not wanted any more."""
    first, second = _messages(5), _messages(9)
    order = ConnectionOrder()

    items = _feed(order, [*first[:3], *second[:2], *first[3:], *second[2:]])

    assert {item.place.connection for item in items[len(_feed(ConnectionOrder(), first[:3])) :]} == {9}


def test_unit_of_several_messages_is_whole_and_lies_where_it_begins() -> None:
    """Its place is its first piece's; behind it is its last piece's."""
    pieces = _pieces("large", 0, 3)
    order = ConnectionOrder()

    items = _feed(order, [_message(n, [piece]) for n, piece in enumerate(pieces, 1)])

    assert [(item.place, item.ends, item.sequence) for item in items] == [(Place(5, 1, 0), Place(5, len(pieces), 0), 1)]
    assert _names(items) == ["large"]


def test_order_names_what_an_heir_must_read_for_an_unfinished_unit() -> None:
    """While pieces are missing, the message with the first is the next one still needed."""
    pieces = _pieces("large", 0, 3)
    order = ConnectionOrder()
    _feed(order, [_message(1, [encode_config(avc())]), _message(2, [pieces[0]]), _message(3, [pieces[1]])])

    assert (order.next_n, order.oldest_sequence) == (2, 2)


def test_unit_whose_other_pieces_were_never_written_is_dropped() -> None:
    """Ingest may have had to let go of the rest of a GOP: nothing torn is handed on, and the next GOP is whole."""
    torn, key = _pieces("torn", 0, 3), encode_unit(Unit(Track.VIDEO, 90, 0, True, b"key"), room=1000, piece_bytes=1000)
    order = ConnectionOrder()

    items = _feed(order, [_message(1, [torn[0]]), _message(2, [encode_config(avc()), *key])])

    assert _names(items) == ["key"]
    assert order.lost == 1


def test_torn_unit_before_another_in_pieces_is_dropped() -> None:
    """Two units in pieces do not become one."""
    torn, whole = _pieces("torn", 0, 3), _pieces("whole", 90, 2)
    order = ConnectionOrder()

    items = _feed(order, [_message(n, [piece]) for n, piece in enumerate([torn[0], *whole], 1)])

    assert _names(items) == ["whole"]


def test_hole_that_does_not_close_is_taken_for_lost() -> None:
    """After MAX_EARLY messages the missing one is given up; pictures go on at the next config, sound at once."""
    sound = [
        encode_unit(Unit(Track.AUDIO, n, 0, True, f"s{n}".encode()), room=99, piece_bytes=99)[0] for n in range(400)
    ]
    picture = [
        encode_unit(Unit(Track.VIDEO, n, 0, False, f"v{n}".encode()), room=99, piece_bytes=99)[0] for n in range(400)
    ]
    messages = [_message(n, [sound[n], picture[n]]) for n in range(3, MAX_EARLY + 20)]
    messages.append(_message(MAX_EARLY + 20, [encode_config(avc()), picture[-1]]))
    order = ConnectionOrder()

    names = _names(_feed(order, [_message(1, [sound[1]]), *messages]))

    assert order.lost == 1
    assert names[0] == "s1"
    # The first entry after the hole may be the rest of something.
    assert names[1] == "s4"
    assert [name for name in names if name.startswith("v")] == ["v399"]


def test_reader_that_begins_midway_skips_the_rest_of_a_unit() -> None:
    """Whoever begins to read anywhere may meet the end of a unit first, and takes no picture before a config."""
    pieces = _pieces("large", 0, 2, is_key=True)
    sound = encode_unit(Unit(Track.AUDIO, 5, 0, True, b"s"), room=99, piece_bytes=99)
    key = encode_unit(Unit(Track.VIDEO, 90, 0, True, b"key"), room=99, piece_bytes=99)
    order = ConnectionOrder(is_midway=True)

    items = _feed(order, [_message(7, [pieces[-1], *sound]), _message(8, [encode_config(avc()), *key])])

    assert _names(items) == ["s", "key"]


def test_expected_message_is_waited_for() -> None:
    """An heir begins with the message that its predecessor named, and not with what lies before."""
    messages = _messages()
    order = ConnectionOrder(expected=(5, 4))

    items = _feed(order, messages)

    assert items[0].place == Place(5, 4, 0)


def test_closed_message_comes_in_its_turn() -> None:
    """The end of a connection is told after all that it sent."""
    order = ConnectionOrder()
    closed = encode_closed(connection=5, n=2, reason="left", is_clean=True)

    assert order.feed(1, 0, closed) == []
    batches = order.feed(2, 0, _message(1, []))

    assert [batch.closed for batch in batches] == [None, "left"]


@pytest.mark.parametrize("garbage", [b"", b"\x09" * 40, b"\x01\x09" + bytes(40)])
def test_foreign_bytes_are_refused(garbage: bytes) -> None:
    """What is no media message is said to be none."""
    with pytest.raises(FramingError):
        ConnectionOrder().feed(1, 0, garbage)


@pytest.mark.parametrize("fault", [b"\x07", bytes([0, 2, 99, 0, 0, 0, 0, 1]) + bytes(12) + b"x"])
def test_message_with_a_fault_costs_no_other(fault: bytes) -> None:
    """A cut entry or a codec of a later version is lost, and what comes before and after in the log is not."""
    entries: list[Entry] = [AAC_48K, Unit(Track.AUDIO, 0, 0, True, b"one")]
    good = [m.payload for m in log(entries, connection=5, closed=False)]
    order = ConnectionOrder()

    items = _feed(
        order,
        [
            good[0] + fault,
            _message(
                2,
                [encode_config(AAC_48K), *encode_unit(Unit(Track.AUDIO, 9, 0, True, b"two"), room=99, piece_bytes=99)],
            ),
        ],
    )

    assert _names(items) == ["one", "two"]
    assert order.lost == 1
