"""What may begin when, under limits."""

from hypothesis import given, settings
from hypothesis.strategies import integers, lists, sampled_from, tuples

from services.api.webhooks.agenda import Agenda


def test_deliveries_begin_when_they_are_due() -> None:
    """Earliest first, and none before its time."""
    agenda = Agenda()
    agenda.put("late", 30, "w", "t")
    agenda.put("soon", 20, "w", "t")

    assert agenda.next_us() == 20
    assert agenda.start(19) == []
    assert agenda.start(20) == ["soon"]
    assert agenda.next_us() == 30


def test_dead_endpoint_fills_its_own_share_only() -> None:
    """A thousand deliveries of one webhook leave room for another's one."""
    agenda = Agenda(per_webhook=2)
    for number in range(1000):
        agenda.put(f"dead {number}", 0, "dead", "t")
    agenda.put("alive", 5, "alive", "t")

    assert agenda.start(5) == ["dead 0", "alive", "dead 1"]
    assert agenda.next_us() is None
    agenda.drop("alive")
    agenda.done("alive", 0)
    assert agenda.start(5) == []
    agenda.drop("dead 0")
    agenda.done("dead 0", 0)
    assert agenda.start(5) == ["dead 10"]


def test_many_dead_endpoints_leave_room_for_one_that_answers() -> None:
    """Each of a tenant's hundred has one attempt under way, none has more, and what comes then begins at once."""
    agenda = Agenda()
    for number in range(100):
        for again in range(10):
            agenda.put(f"dead {number}.{again}", 0, f"dead {number}", "t")
    begun = agenda.start(0)
    agenda.put("alive", 0, "alive", "t")

    assert sorted(key.partition(".")[0] for key in begun) == sorted(f"dead {number}" for number in range(100))
    assert agenda.start(0) == ["alive"]
    assert agenda.start(0) == []


def test_who_was_slow_shares_half_until_he_is_quick_again() -> None:
    """Of whichever tenants; one attempt each."""
    agenda = Agenda(per_tenant=4, at_once=6)
    for name in "abcdef":
        agenda.put(name, 0, name, f"tenant of {name}")
        agenda.put(f"{name}2", 0, name, f"tenant of {name}")
    first = agenda.start(0)
    for key in first:
        agenda.done(key, 0, was_slow=True)
    second = agenda.start(0)
    agenda.put("new", 0, "new", "another")
    third = agenda.start(0)
    for key in second:
        agenda.drop(key)
        agenda.done(key, 0)

    assert (len(first), len(second), third) == (6, 3, ["new"])
    assert len(agenda.start(0)) == 5  # two webhooks that were quick meanwhile, three that still are slow


def test_tenant_has_a_share_over_all_its_webhooks() -> None:
    """Another tenant's begin beside it."""
    agenda = Agenda(per_tenant=3)
    for number in range(10):
        agenda.put(f"a{number}", 0, f"a{number}", "acme")
    agenda.put("b", 0, "b", "other")

    assert sorted(agenda.start(0)) == ["a0", "a1", "a2", "b"]


def test_process_has_a_limit_over_all_tenants() -> None:
    """And who was served goes behind the others."""
    agenda = Agenda(at_once=2)
    for name in ("a", "b", "c"):
        agenda.put(name, 0, name, name)
        agenda.put(f"{name}2", 0, name, name)

    assert agenda.start(0) == ["a", "b"]
    assert agenda.next_us() is None
    for key in ("a", "b"):
        agenda.drop(key)
        agenda.done(key, 0)
    assert "c" in agenda.start(0)


def test_delivery_under_way_does_not_begin_again() -> None:
    """Though its record says meanwhile when it would be due; afterwards it does."""
    agenda = Agenda()
    agenda.put("d", 0, "w", "t")
    assert agenda.start(0) == ["d"]
    agenda.put("d", 10, "w", "t")

    assert agenda.start(50) == []
    agenda.done("d", 5)
    assert agenda.next_us() == 10
    assert agenda.start(10) == ["d"]


def test_attempt_that_changed_nothing_waits_a_little() -> None:
    """It was another's, or could not be written: it must not spin."""
    agenda = Agenda()
    agenda.put("d", 0, "w", "t")
    agenda.start(0)
    agenda.done("d", 500)

    assert agenda.start(499) == []
    assert agenda.start(500) == ["d"]


def test_dropped_delivery_never_begins() -> None:
    """And nothing is left of it."""
    agenda = Agenda()
    agenda.put("d", 0, "w", "t")
    agenda.drop("d")
    agenda.drop("d")

    assert agenda.start(0) == []
    assert (agenda.next_us(), len(agenda), agenda.under_way) == (None, 0, 0)


_KEYS = sampled_from("abcdef")
_STEPS = tuples(sampled_from(["put", "drop", "start", "done"]), _KEYS, integers(0, 20))


@settings(max_examples=200)
@given(lists(_STEPS, max_size=60))
def test_limits_hold_and_nothing_is_lost(steps: list[tuple[str, str, int]]) -> None:
    """Whatever is put, dropped, begun and done, quickly or not: what is planned begins at last, never twice at once."""
    agenda = Agenda(per_webhook=1, per_tenant=2, at_once=3)
    planned: set[str] = set()
    under_way: set[str] = set()

    def begin(now: int) -> list[str]:
        begun = agenda.start(now)
        assert not under_way & set(begun)
        assert set(begun) <= planned
        under_way.update(begun)
        assert agenda.under_way == len(under_way) <= 3
        return begun

    for what, key, number in steps:
        if what == "put":
            agenda.put(key, number, f"webhook {ord(key) % 4}", f"tenant {ord(key) % 2}")
            planned.add(key)
        elif what == "drop":
            agenda.drop(key)
            planned.discard(key)
        elif what == "start":
            begin(number)
        elif key in under_way:
            under_way.discard(key)
            agenda.done(key, number, was_slow=number % 2 == 1)
    for _ in range(100):
        for key in list(under_way):
            agenda.drop(key)
            planned.discard(key)
            under_way.discard(key)
            agenda.done(key, 0, was_slow=True)
        begin(1000)
    assert planned == set()
