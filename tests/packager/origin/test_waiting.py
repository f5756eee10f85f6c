"""Waiters in groups: each is answered once, and nobody is kept who has gone."""

from collections.abc import Hashable

from hypothesis import given
from hypothesis import strategies as st

from services.packager.http import Response
from services.packager.origin.waiting import Waiting

A, B = Response(200, body=b"a"), Response(200, body=b"b")


class Client:
    """Who has asked, and what he was answered."""

    def __init__(self, waiting: Waiting, wanted: Hashable, now: float) -> None:
        self.answers: list[Response] = []
        self.wanted = wanted
        self.waiter = waiting.add(wanted, now)
        assert self.waiter.attach(self.answers.append) is None


def test_all_who_wait_for_one_thing_get_one_answer_and_the_others_wait_on() -> None:
    """What there is an answer for is asked once, however many wait."""
    waiting, asked = Waiting(), []
    first, second, other = (Client(waiting, wanted, 0) for wanted in ("part", "part", "later part"))

    def find(wanted: Hashable) -> Response | None:
        asked.append(wanted)
        return A if wanted == "part" else None

    waiting.answer(find)

    assert (first.answers, second.answers, other.answers) == ([A], [A], [])
    assert sorted(map(str, asked)) == ["later part", "part"]
    assert len(waiting) == 1


def test_who_goes_away_is_forgotten_and_costs_no_further_question() -> None:
    """With the last one of a group the group goes, too."""
    waiting = Waiting()
    clients = [Client(waiting, "part", 0) for _ in range(2)]
    clients[0].waiter.cancel()
    assert len(waiting) == 1
    clients[1].waiter.cancel()

    waiting.answer(lambda _: A)
    waiting.answer_late(1e9, lambda _: A)

    assert len(waiting) == 0
    assert [client.answers for client in clients] == [[], []]


def test_cancelled_after_the_answer_spares_who_has_asked_for_the_same_since() -> None:
    """A group that was answered is not that of those who came later."""
    waiting = Waiting()
    early = Client(waiting, "part", 0)
    waiting.answer(lambda _: A)
    late = Client(waiting, "part", 1)
    early.waiter.cancel()

    assert len(waiting) == 1
    waiting.answer(lambda _: B)
    assert (early.answers, late.answers) == ([A], [B])


def test_who_has_waited_too_long_is_answered_with_what_there_is() -> None:
    """The time of a group is that of its first one, so nobody in it waits longer than that."""
    waiting = Waiting()
    old, joined, young = (Client(waiting, wanted, now) for wanted, now in (("old", 1.0), ("old", 5.0), ("young", 5.0)))

    waiting.answer_late(5.0, lambda wanted: A if wanted == "old" else B)

    assert (old.answers, joined.answers, young.answers) == ([A], [A], [])


def test_answering_may_bring_the_next_question() -> None:
    """A client whose answer makes him ask again at once waits for the next time."""
    waiting = Waiting()
    asked_again: list[Client] = []
    waiter = waiting.add("part", 0)
    waiter.attach(lambda _: asked_again.append(Client(waiting, "part", 1)))

    waiting.answer(lambda _: A)

    assert len(waiting) == 1
    assert asked_again[0].answers == []


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["ask", "leave", "answer", "late"])), max_size=40))
def test_nobody_is_answered_twice_or_kept_for_nothing(steps: list[tuple[int, str]]) -> None:
    """Whatever happens in whatever order, those who wait are those who were neither answered nor have gone."""
    waiting = Waiting()
    clients: list[Client] = []
    gone: set[Client] = set()
    for now, (number, step) in enumerate(steps):
        if step == "ask":
            clients.append(Client(waiting, number, now))
        elif step == "leave" and number < len(clients):
            gone.add(clients[number])
            clients[number].waiter.cancel()
        elif step == "answer":
            waiting.answer(lambda wanted, number=number: A if wanted == number else None)  # type: ignore[misc]
        elif step == "late":
            waiting.answer_late(now - number, lambda _: B)
        assert len(waiting) == sum(not client.answers and client not in gone for client in clients)
    assert all(len(client.answers) <= 1 for client in clients)
