"""Wire formats: what is written is read back, and what is hostile or strange is refused or ignored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.bus.errors import BusError, Refused, Unavailable, WrongSequence
from services.common.bus.wire import (
    Reply,
    check_pattern,
    check_subject,
    encode_headers,
    is_missing,
    parse_ack,
    parse_answer,
    parse_delivery,
    parse_headers,
    parse_place,
    parse_places,
    parse_time_us,
    status_of,
)

NAMES = st.text("ABCDEFabcdef-0123456789", min_size=1, max_size=20)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40).map(str.strip)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_headers_read_back_as_written(pairs: dict[str, str]) -> None:
    """Names and values survive the header block, colons and all."""
    assert parse_headers(encode_headers(pairs)) == pairs


@given(st.binary(max_size=200))
def test_garbage_headers_never_raise(block: bytes) -> None:
    """Whatever bytes come as a header block, reading them ends in a dictionary and a number."""
    assert isinstance(parse_headers(block), dict)
    assert status_of(block) >= 0


@pytest.mark.parametrize("value", ["a\r\nNats-Msg-Id: 1", "a\nb", "a\rb"])
def test_header_with_line_break_is_refused(value: str) -> None:
    """Nobody can add a header of his own through a value."""
    with pytest.raises(ValueError, match="line break"):
        encode_headers({"X": value})


@pytest.mark.parametrize(
    "subject", ["", "a b", "a\r\nPUB x 0", "a..b", ".a", "a.", "a.*", "a.>", "tab\t", "ü", "x\x00"]
)
def test_bad_subject_is_refused(subject: str) -> None:
    """A subject can neither break the protocol line nor be a pattern."""
    with pytest.raises(ValueError, match="not a subject"):
        check_subject(subject)


@pytest.mark.parametrize("subject", ["media.0.primary.abc", "$KV.b.key=1/2_3", "$JS.API.STREAM.INFO.X", "_INBOX.a.1"])
def test_good_subject_passes(subject: str) -> None:
    """Ours, JetStream's and inboxes are subjects."""
    assert check_subject(subject) == subject


def test_pattern_may_hold_wildcards() -> None:
    """What is subscribed to may be a pattern, and still no protocol line."""
    assert check_pattern("media.*.>") == "media.*.>"
    with pytest.raises(ValueError, match="not a subject"):
        check_pattern("a b")


@pytest.mark.parametrize(
    "reply",
    [
        b"$JS.ACK.S.C.2.30.4.1700000000123456789.5",
        b"$JS.ACK.hub.acc.S.C.2.30.4.1700000000123456789.5",
        b"$JS.ACK.hub.acc.S.C.2.30.4.1700000000123456789.5.rnd",
    ],
)
def test_delivery_subject_is_read_in_old_and_new_form(reply: bytes) -> None:
    """Attempt, sequences, stamp and what is still to come are found with and without a domain."""
    delivery = parse_delivery(reply)
    assert (delivery.attempt, delivery.stream_sequence, delivery.consumer_sequence) == (2, 30, 4)
    assert (delivery.time_us, delivery.pending) == (1_700_000_000_123_456, 5)


PLACES = st.tuples(*[st.integers(0, 10**18)] * 4).map(lambda place: b"$JS.ACK.S.C.1.%d.%d.%d.%d" % place)


@given(st.lists(PLACES, min_size=1, max_size=5), st.sampled_from([b"", b"$JS.FC.S.C.x", b"$JS.ACK.d.a.S.C.2.3.4.5.6"]))
def test_places_of_many_are_those_of_each(replies: list[bytes], other: bytes) -> None:
    """And none where another kind of subject is among them, wherever it stands."""
    places = parse_places(replies)
    assert places is not None
    assert list(zip(*places, strict=True)) == [parse_place(reply) for reply in replies]
    assert parse_places([*replies, other]) is None
    assert parse_places([other, *replies]) is None


@pytest.mark.parametrize("reply", [b"", b"_INBOX.a", b"$JS.ACK.S.C.1", b"$JS.ACK.S.C.x.1.1.1.1"])
def test_other_reply_subject_is_no_delivery(reply: bytes) -> None:
    """What is not a delivery subject is a ValueError and nothing else."""
    with pytest.raises(ValueError):
        parse_delivery(reply)


@pytest.mark.parametrize(
    ("stamp", "microseconds"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("2026-11-21T15:25:24.881747833Z", 1795274724_881747),
        ("2026-11-21T15:25:24.5Z", 1795274724_500000),
    ],
)
def test_time_stamp_is_read_to_the_microsecond(stamp: str, microseconds: int) -> None:
    """JetStream leaves out trailing zeros of its nanoseconds."""
    assert parse_time_us(stamp) == microseconds


def reply(payload: bytes, headers: bytes = b"") -> Reply:
    return Reply(b"s", b"", headers, payload)


def test_acknowledgement_gives_its_sequence() -> None:
    """A first write and a repeated one both say where the message is."""
    assert parse_ack(reply(b'{"stream":"S","seq":12}')) == 12
    assert parse_ack(reply(b'{"stream":"S","seq":12,"duplicate":true}')) == 12


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b'{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 3"}}', WrongSequence),
        (b'{"error":{"code":400,"err_code":10164,"description":"wrong last sequence"}}', WrongSequence),
        (b'{"error":{"code":503,"err_code":10008,"description":"no leader"}}', Unavailable),
        (b'{"error":{"code":404,"err_code":10059,"description":"stream not found"}}', Refused),
        (b'{"error":{"code":500,"err_code":10052,"description":"bad config"}}', Refused),
        (b'{"error":{"code":500,"err_code":10049,"description":"delete failed"}}', Unavailable),
        (b'{"error":{}}', Refused),
        (b"[]", Unavailable),
        (b"\xff", Unavailable),
        (b"", Unavailable),
    ],
)
def test_error_answer_becomes_our_error(payload: bytes, error: type[BusError]) -> None:
    """Each of JetStream's errors is one a caller can act on."""
    with pytest.raises(error):
        parse_answer(reply(payload))


def test_no_responders_is_unavailable() -> None:
    """The server's own 503 says that nobody serves the subject."""
    with pytest.raises(Unavailable):
        parse_answer(reply(b"", b"NATS/1.0 503\r\n\r\n"))


def test_missing_stream_is_told_from_other_refusals() -> None:
    """A 404 is what is not there yet; anything else will not come."""
    assert is_missing(Refused(404, 10059, ""))
    assert not is_missing(Refused(400, 10058, ""))
