"""Answers that are still to come."""

from typing import TYPE_CHECKING

from services.packager.http.pending import Pending
from tests.packager.http.site import PLAYLIST, SEGMENT

if TYPE_CHECKING:
    from services.packager.http.response import Response


def test_answer_goes_to_who_waits_once() -> None:
    """A second answer is dropped."""
    delivered: list[Response] = []
    pending = Pending(lambda _: None)
    assert pending.attach(delivered.append) is None
    pending.resolve(PLAYLIST)
    pending.resolve(SEGMENT)
    assert delivered == [PLAYLIST]


def test_answer_before_anybody_waits_is_kept() -> None:
    """A handler may resolve before it has returned."""
    pending = Pending(lambda _: None)
    pending.resolve(PLAYLIST)
    assert pending.attach(lambda _: None) is PLAYLIST


def test_cancelled_waiter_leaves_the_set_and_gets_nothing() -> None:
    """The set of waiters holds only those who wait."""
    delivered: list[Response] = []
    waiters: set[Pending] = set()
    pending = Pending(waiters.discard)
    waiters.add(pending)
    pending.attach(delivered.append)
    pending.cancel()
    assert not waiters
    pending.resolve(PLAYLIST)
    assert not delivered


def test_answered_waiter_is_not_cancelled() -> None:
    """The callback means that nobody got an answer."""
    cancelled: list[Pending] = []
    pending = Pending(cancelled.append)
    pending.attach(lambda _: None)
    pending.resolve(PLAYLIST)
    pending.cancel()
    assert not cancelled
