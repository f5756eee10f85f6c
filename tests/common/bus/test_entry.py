"""Entries as a direct get returns them."""

import pytest

from services.common.bus.entry import Entry, parse_stored
from services.common.bus.errors import Refused, Unavailable
from services.common.bus.wire import Reply

STORED = (
    b"NATS/1.0\r\nNats-Msg-Id: 7\r\nNats-Stream: S\r\nNats-Subject: a.b\r\nNats-Sequence: 12\r\n"
    b"Nats-Time-Stamp: 1970-01-01T00:00:01.5Z\r\n\r\n"
)


def test_stored_message_is_read_with_its_own_headers() -> None:
    """Subject, sequence and stamp come from the server's headers; the writer's are beside them."""
    entry = parse_stored(Reply(b"inbox", b"", STORED, b"payload"))
    assert isinstance(entry, Entry)
    assert (entry.subject, entry.sequence, entry.time_us, entry.payload) == ("a.b", 12, 1_500_000, b"payload")
    assert entry.headers["Nats-Msg-Id"] == "7"


def test_missing_message_is_false() -> None:
    """A 404 is an answer and no error."""
    assert parse_stored(Reply(b"", b"", b"NATS/1.0 404 Message Not Found\r\n\r\n", b"")) is False


def test_malformed_question_is_refused() -> None:
    """A 408 says that the question was wrong."""
    with pytest.raises(Refused):
        parse_stored(Reply(b"", b"", b"NATS/1.0 408 Bad Request\r\n\r\n", b""))


def test_nobody_there_is_unavailable() -> None:
    """A 503 says that no server holds the stream now."""
    with pytest.raises(Unavailable):
        parse_stored(Reply(b"", b"", b"NATS/1.0 503\r\n\r\n", b""))
