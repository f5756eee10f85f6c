"""When a delivery is tried, and what becomes of it. Pure.

A record is a plan that any replica can carry on: it says what is next, when, and whether somebody has it in hand.
"""

from enum import Enum

from headwater.internal.v1.webhooks_pb2 import AttemptRecord, DeliveryRecord
from headwater.v1.webhooks_pb2 import Delivery

FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 3600.0
GIVE_UP_S = 24 * 3600.0
HOLD_S = 30.0
"""How long an attempt is its holder's: well above what one may take, so that nobody else tries beside him."""

ATTEMPTS_KEPT = 20

_MOST_DOUBLINGS = 16


class Outcome(Enum):
    """What an answer means."""

    TAKEN = "taken"
    AGAIN = "again"
    REFUSED = "refused"


def judge(status: int, *, retries_refusals: bool) -> Outcome:
    """`status` 0: there was no answer. A redirection is not followed, so it is no success either."""
    if 200 <= status < 300:
        return Outcome.TAKEN
    if status == 0 or status >= 500 or retries_refusals:
        return Outcome.AGAIN
    return Outcome.REFUSED


def delay_s(attempts: int) -> float:
    """How long to wait after so many attempts that failed: 5 s, doubled each time, up to an hour."""
    return min(FIRST_RETRY_S * 2.0 ** min(attempts - 1, _MOST_DOUBLINGS), LONGEST_RETRY_S)


def due_us(record: DeliveryRecord) -> int | None:
    """When it is to be tried next; None if it is not."""
    if record.state != Delivery.PENDING:
        return None
    return max(record.next_attempt_time_us, record.held_until_us)


def order(record: DeliveryRecord, now_us: int) -> None:
    """Try it from now on, for a whole day: when it is made, and when somebody asks for it again."""
    record.state = Delivery.PENDING
    record.begin_time_us = record.next_attempt_time_us = now_us
    record.attempt_count = 0


def hold(record: DeliveryRecord, holder: str, now_us: int) -> None:
    """Take the next attempt in hand."""
    record.holder, record.held_until_us = holder, now_us + round(HOLD_S * 1e6)


def note(record: DeliveryRecord, attempt: AttemptRecord, outcome: Outcome, now_us: int) -> None:
    """Write down an attempt that is over, and what follows from it."""
    record.holder, record.held_until_us = "", 0
    record.attempts.append(attempt)
    del record.attempts[:-ATTEMPTS_KEPT]
    if attempt.time_us < record.begin_time_us:
        return  # it was ordered again while this one was under way
    record.attempt_count += 1
    if outcome is Outcome.TAKEN:
        finish(record, Delivery.DELIVERED)
    if record.state != Delivery.PENDING:
        return  # another's attempt at the same time was taken
    next_us = now_us + round(delay_s(record.attempt_count) * 1e6)
    if outcome is Outcome.REFUSED or next_us > record.begin_time_us + round(GIVE_UP_S * 1e6):
        finish(record, Delivery.FAILED)
    else:
        record.next_attempt_time_us = next_us


def give_up(record: DeliveryRecord, why: str, now_us: int) -> None:
    """End it without an attempt, and say why where attempts are listed."""
    record.attempts.append(AttemptRecord(time_us=now_us, error=why))
    del record.attempts[:-ATTEMPTS_KEPT]
    record.holder, record.held_until_us = "", 0
    finish(record, Delivery.FAILED)


def finish(record: DeliveryRecord, state: Delivery.State.ValueType) -> None:
    """Nothing is tried any more."""
    record.state, record.next_attempt_time_us = state, 0
