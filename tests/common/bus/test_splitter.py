"""The protocol out of chunks: however the bytes are cut, the same messages come out; and garbage ends it in words."""

from contextlib import suppress
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.common.bus.splitter import MAX_LINE, Splitter

Heard = list[tuple[object, ...]]

WORDS = st.text("abc.$_-0123", min_size=1, max_size=12).map(str.encode)
MESSAGES = st.tuples(
    st.integers(1, 99), WORDS, st.one_of(st.just(b""), WORDS), st.binary(max_size=30), st.binary(max_size=60)
)
LINES = st.sampled_from(
    [(b"PING", b""), (b"PONG", b""), (b"+OK", b""), (b"-ERR", b"'slow consumer'"), (b"INFO", b"{}")]
)


def encode(item: tuple[object, ...]) -> bytes:
    """As nats-server writes it."""
    if len(item) == 2:
        operation, rest = cast("tuple[bytes, bytes]", item)
        return b"%b %b\r\n" % (operation, rest) if rest else b"%b\r\n" % operation
    sid, subject, reply, headers, payload = cast("tuple[int, bytes, bytes, bytes, bytes]", item)
    about = b"%b %d %b" % (subject, sid, reply) if reply else b"%b %d" % (subject, sid)
    if headers:
        return b"HMSG %b %d %d\r\n%b%b\r\n" % (about, len(headers), len(headers) + len(payload), headers, payload)
    return b"MSG %b %d\r\n%b\r\n" % (about, len(payload), payload)


def split(chunks: list[bytes]) -> Heard:
    heard: Heard = []
    splitter = Splitter(heard.extend, lambda *line: heard.append(line))
    for chunk in chunks:
        splitter.feed(chunk)
    return heard


@given(st.lists(st.one_of(MESSAGES, LINES), max_size=8), st.lists(st.integers(0, 600), max_size=12))
@example([(1, b"a", b"", b"NATS/1.0\r\n\r\n", b"\r\n\r\n"), (b"PING", b"")], [15, 16, 17, 35, 40, 41, 42])
def test_messages_are_the_same_however_they_are_cut(items: Heard, cuts: list[int]) -> None:
    """One chunk, single bytes or anything between."""
    stream = b"".join(encode(item) for item in items)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    assert split([stream[a:b] for a, b in pairwise(edges)]) == items
    assert split([stream[at : at + 1] for at in range(len(stream))]) == items


def test_whole_messages_of_a_chunk_come_together() -> None:
    """Up to what is something else, so that the order stays."""
    items: Heard = [(1, b"a", b"r", b"", b"x"), (2, b"b", b"r", b"NATS/1.0\r\n\r\n", b""), (b"PING", b"")]
    heard: list[object] = []
    splitter = Splitter(lambda messages: heard.append(list(messages)), lambda *line: heard.append(line))
    splitter.feed(b"".join(map(encode, [*items, *items[:2]])))
    assert heard == [items[:2], items[2], items[:2]]


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_garbage_ends_in_a_value_error_or_waits_for_more(chunks: list[bytes]) -> None:
    """No other error, whatever comes."""
    with suppress(ValueError):
        split(chunks)


@pytest.mark.parametrize(
    "line",
    [
        b"HELLO\r\n",
        b"\r\n",
        b"MSG a\r\n",
        b"MSG a 1 b 2 3\r\n",
        b"MSG a 1 -5\r\n",
        b"MSG a x 5\r\n",
        b"MSG a 1 99999999999\r\n",
        b"HMSG a 1 9 5\r\n",
    ],
)
def test_line_that_is_not_the_protocol_is_refused(line: bytes) -> None:
    """Nothing is guessed, and no size is believed that no server can have."""
    with pytest.raises(ValueError):
        split([line])


def test_line_without_end_is_refused() -> None:
    """A peer that never ends its line does not fill the memory."""
    with pytest.raises(ValueError, match="without end"):
        split([b"x" * (MAX_LINE // 2)] * 3)
