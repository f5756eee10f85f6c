"""Pauses between restarts."""

from services.machine.backoff import DELAYS_S, HEALTHY_AFTER_S, Backoff


def test_first_death_is_answered_at_once() -> None:
    """A program that has run for long is started again without a pause."""
    assert Backoff().died(lived_s=1000) == 0


def test_early_deaths_in_a_row_wait_longer_up_to_a_bound() -> None:
    """Each early death doubles the patience, and the longest pause is the last one."""
    backoff = Backoff()
    pauses = [backoff.died(lived_s=0.1) for _ in range(10)]
    assert pauses[: len(DELAYS_S)] == list(DELAYS_S)
    assert set(pauses[len(DELAYS_S) :]) == {DELAYS_S[-1]}


def test_healthy_life_forgives_earlier_deaths() -> None:
    """A program that lived long enough starts with a clean record."""
    backoff = Backoff()
    for _ in range(5):
        backoff.died(lived_s=0.1)
    assert backoff.keeps_dying
    assert backoff.died(lived_s=HEALTHY_AFTER_S) == 0
    assert not backoff.keeps_dying
