"""Requests under way: each answer finds its future, each future ends."""

import asyncio
from collections.abc import Callable

import pytest

from services.common.bus.errors import Refused, Unavailable
from services.common.bus.inbox import Inbox
from services.common.bus.wire import Reply


class Wire:
    """Stands where the connection is: keeps the tap and plays messages to it."""

    def __init__(self) -> None:
        self.tap: Callable[[bytes, bytes, bytes, bytes], None] = lambda *_: None

    def add_tap(self, _pattern: str, tap: Callable[[bytes, bytes, bytes, bytes], None]) -> int:
        self.tap = tap
        return 1


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def inbox(wire: Wire) -> Inbox:
    inbox = Inbox()
    inbox.open("_INBOX.me", wire.add_tap)
    return inbox


def payload_of(reply: Reply) -> bytes:
    return reply.payload


async def test_answers_out_of_order_find_their_futures(wire: Wire, inbox: Inbox) -> None:
    """The last token of the subject says whose answer it is, whatever comes first."""
    subjects, futures = zip(*(inbox.expect(payload_of, 5) for _ in range(3)), strict=True)
    for subject in reversed(subjects):
        wire.tap(subject.encode(), b"", b"", subject.encode())
    assert await asyncio.gather(*futures) == [subject.encode() for subject in subjects]


async def test_silence_becomes_unavailable(inbox: Inbox) -> None:
    """Nothing waits for ever."""
    _, future = inbox.expect(payload_of, 0.05)
    with pytest.raises(Unavailable):
        await future


async def test_none_from_decode_waits_for_more(wire: Wire, inbox: Inbox) -> None:
    """A message that is not the answer yet leaves the future open."""
    subject, future = inbox.expect(lambda reply: reply.payload or None, 5)
    wire.tap(subject.encode(), b"", b"", b"")
    assert not future.done()
    wire.tap(subject.encode(), b"", b"", b"yes")
    assert await future == b"yes"


async def test_decode_error_is_the_futures(wire: Wire, inbox: Inbox) -> None:
    """Ours comes as it is, and what cannot be understood is no answer."""

    def refuse(_reply: Reply) -> bytes:
        raise Refused(400, 1, "no")

    subject, future = inbox.expect(refuse, 5)
    wire.tap(subject.encode(), b"", b"", b"")
    with pytest.raises(Refused):
        await future
    subject, number = inbox.expect(lambda reply: int(reply.payload), 5)
    wire.tap(subject.encode(), b"", b"", b"x")
    with pytest.raises(Unavailable):
        await number


async def test_disconnect_fails_all_and_late_answers_are_ignored(wire: Wire, inbox: Inbox) -> None:
    """Those who wait are told at once, and what comes afterwards harms nobody."""
    subject, future = inbox.expect(payload_of, 5)
    inbox.fail_all("gone")
    wire.tap(subject.encode(), b"", b"", b"late")
    with pytest.raises(Unavailable, match="gone"):
        await future


async def test_answer_for_one_who_left_is_ignored(wire: Wire, inbox: Inbox) -> None:
    """A caller that was cancelled leaves nothing behind that an answer could trip over."""
    subject, future = inbox.expect(payload_of, 5)
    future.cancel()
    wire.tap(subject.encode(), b"", b"", b"late")
    assert future.cancelled()
