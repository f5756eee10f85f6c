"""When deliveries are tried, without a clock."""

import pytest
from hypothesis import given
from hypothesis.strategies import booleans, integers, lists, sampled_from

from headwater.internal.v1.webhooks_pb2 import AttemptRecord, DeliveryRecord
from headwater.v1.webhooks_pb2 import Delivery
from services.api.webhooks import schedule
from services.api.webhooks.schedule import Outcome, delay_s, due_us, give_up, hold, judge, note, order

NOW_US = 1_800_000_000_000_000
DAY_US = 86_400_000_000


def _ordered() -> DeliveryRecord:
    record = DeliveryRecord(id="d", webhook_id="w", create_time_us=NOW_US)
    order(record, NOW_US)
    return record


def _fail_until_over(record: DeliveryRecord) -> list[float]:
    """Attempts that take no time and fail; the seconds between them."""
    waits, now_us = [], NOW_US
    while (next_us := due_us(record)) is not None:
        waits.append((next_us - now_us) / 1e6)
        now_us = next_us
        hold(record, "me", now_us)
        note(record, AttemptRecord(time_us=now_us, status_code=500), Outcome.AGAIN, now_us)
    return waits


@pytest.mark.parametrize(
    ("status", "retries_refusals", "outcome"),
    [
        (200, True, Outcome.TAKEN),
        (204, False, Outcome.TAKEN),
        (299, False, Outcome.TAKEN),
        (302, True, Outcome.AGAIN),
        (302, False, Outcome.REFUSED),
        (404, True, Outcome.AGAIN),
        (404, False, Outcome.REFUSED),
        (429, False, Outcome.REFUSED),
        (500, False, Outcome.AGAIN),
        (503, True, Outcome.AGAIN),
        (0, False, Outcome.AGAIN),
        (0, True, Outcome.AGAIN),
    ],
)
def test_answer_is_success_refusal_or_another_try(status: int, retries_refusals: bool, outcome: Outcome) -> None:
    """2xx is success; RealtimeKit's are tried again only after 5xx or no answer."""
    assert judge(status, retries_refusals=retries_refusals) is outcome


def test_retries_double_from_five_seconds_to_an_hour_for_a_day() -> None:
    """The first at once, then 5, 10, 20 … 2560, 3600 s, and none that would come after 24 h."""
    record = _ordered()
    waits = _fail_until_over(record)

    doubling = [5.0 * 2**exponent for exponent in range(10)]
    assert waits[:11] == [0.0, *doubling]
    assert set(waits[11:]) == {3600.0}
    assert sum(waits) <= 86_400 < sum(waits) + 3600
    assert (record.state, record.attempt_count) == (Delivery.FAILED, len(waits))
    assert len(record.attempts) == schedule.ATTEMPTS_KEPT


def test_ordered_again_it_has_another_day() -> None:
    """Under the same id, with the log of what was tried before."""
    record = _ordered()
    _fail_until_over(record)
    order(record, NOW_US + 2 * DAY_US)

    assert due_us(record) == NOW_US + 2 * DAY_US
    assert len(record.attempts) == schedule.ATTEMPTS_KEPT
    hold(record, "me", NOW_US + 2 * DAY_US)
    note(record, AttemptRecord(time_us=NOW_US + 2 * DAY_US, status_code=500), Outcome.AGAIN, NOW_US + 2 * DAY_US)
    assert due_us(record) == NOW_US + 2 * DAY_US + 5_000_000


def test_order_is_kept_that_comes_while_an_attempt_is_under_way() -> None:
    """Its answer is that of the order before."""
    record = _ordered()
    hold(record, "me", NOW_US)
    order(record, NOW_US + 2)
    note(record, AttemptRecord(time_us=NOW_US + 1, status_code=200), Outcome.TAKEN, NOW_US + 3)

    assert (record.state, due_us(record), len(record.attempts)) == (Delivery.PENDING, NOW_US + 2, 1)
    note(record, AttemptRecord(time_us=NOW_US + 4, status_code=200), Outcome.TAKEN, NOW_US + 5)
    assert (record.state, due_us(record)) == (Delivery.DELIVERED, None)


def test_held_delivery_is_due_when_its_holder_may_be_dead() -> None:
    """Not before: he may be at it."""
    record = _ordered()
    hold(record, "me", NOW_US)

    assert due_us(record) == NOW_US + 30_000_000


def test_taken_delivery_is_over() -> None:
    """Nobody tries it any more."""
    record = _ordered()
    hold(record, "me", NOW_US)
    note(record, AttemptRecord(time_us=NOW_US, status_code=200), Outcome.TAKEN, NOW_US)

    assert (record.state, due_us(record), record.holder) == (Delivery.DELIVERED, None, "")


def test_refused_delivery_is_over() -> None:
    """Where refusals are not tried again."""
    record = _ordered()
    note(record, AttemptRecord(time_us=NOW_US, status_code=400), Outcome.REFUSED, NOW_US)

    assert (record.state, due_us(record)) == (Delivery.FAILED, None)


def test_late_failure_does_not_undo_a_success() -> None:
    """Two held it, one after the other; the one who was slow fails after the other was heard."""
    record = _ordered()
    note(record, AttemptRecord(time_us=NOW_US, status_code=200), Outcome.TAKEN, NOW_US)
    note(record, AttemptRecord(time_us=NOW_US, status_code=0), Outcome.AGAIN, NOW_US)

    assert record.state == Delivery.DELIVERED
    assert len(record.attempts) == 2


def test_given_up_delivery_says_why() -> None:
    """Where attempts are listed."""
    record = _ordered()
    give_up(record, "the webhook is disabled", NOW_US)

    assert (record.state, due_us(record)) == (Delivery.FAILED, None)
    assert record.attempts[-1].error == "the webhook is disabled"


@given(integers(1, 10_000))
def test_delay_is_within_its_bounds(attempts: int) -> None:
    """However many there were."""
    assert 5.0 <= delay_s(attempts) <= 3600.0


@given(lists(sampled_from(Outcome), max_size=60), booleans())
def test_record_is_pending_exactly_while_something_is_due(outcomes: list[Outcome], orders: bool) -> None:
    """Whatever comes of the attempts; the list of them has a bound."""
    record, now_us = _ordered(), NOW_US
    for outcome in outcomes:
        hold(record, "me", now_us)
        note(record, AttemptRecord(time_us=now_us), outcome, now_us)
        now_us += 1_000_000
        if orders and record.state != Delivery.PENDING:
            order(record, now_us)
        assert (due_us(record) is not None) == (record.state == Delivery.PENDING)
        assert len(record.attempts) <= schedule.ATTEMPTS_KEPT
