"""Answers taken off a byte stream, however it is cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.answer_reader import AnswerReader, BrokenAnswerError

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\nContent-Length: 11\r\n\r\nhello world"


@given(st.lists(st.integers(1, len(ANSWER) - 1), unique=True).map(sorted))
def test_answer_is_the_same_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    """Only the last piece ends the answer, and its body is whole."""
    reader = AnswerReader()
    reader.keep = True
    bounds = [0, *cuts, len(ANSWER)]

    ends = [reader.receive(memoryview(ANSWER[a:b])) for a, b in itertools.pairwise(bounds)]

    assert ends == [False] * len(cuts) + [True]
    assert (reader.status, bytes(reader.body)) == (200, b"hello world")


def test_next_answer_begins_anew() -> None:
    """A body that was kept does not stay in front of the next one."""
    reader = AnswerReader()
    reader.keep = True
    reader.receive(memoryview(ANSWER))

    assert reader.receive(memoryview(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno"))
    assert (reader.status, bytes(reader.body)) == (400, b"no")


def test_body_is_only_counted_where_it_is_not_kept() -> None:
    """Parts are fetched for their time alone."""
    reader = AnswerReader()

    assert reader.receive(memoryview(ANSWER))
    assert not reader.body


def test_empty_answer_ends_with_its_head() -> None:
    """204 has no body and no length."""
    assert AnswerReader().receive(memoryview(b"HTTP/1.1 204 No Content\r\ndate: now\r\n\r\n"))


@pytest.mark.parametrize(
    "data",
    [
        ANSWER + b"!",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"SSH-2.0-server\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 20_000,
    ],
)
def test_what_is_no_answer_with_a_length_is_refused(data: bytes) -> None:
    """Too many bytes, no length, another protocol, a head without end."""
    reader = AnswerReader()
    with pytest.raises(BrokenAnswerError):
        reader.receive(memoryview(data))
