"""A token's calls, counted against a clock that is turned by hand."""

import pytest

from services.api.rate_limit import RateLimit
from services.common.clock import ManualClock
from services.common.errors import AppError, Kind


def test_token_may_call_at_its_rate_and_catch_up_after_a_pause() -> None:
    """Ten seconds' worth at once, then one for each half second; another token is not concerned."""
    clock = ManualClock()
    limit = RateLimit(2.0, clock)
    for _ in range(20):
        limit.spend("a")
    with pytest.raises(AppError) as caught:
        limit.spend("a")
    limit.spend("b")
    clock.advance(0.5)
    limit.spend("a")
    with pytest.raises(AppError):
        limit.spend("a")
    clock.advance(60)
    for _ in range(20):
        limit.spend("a")

    assert caught.value.kind is Kind.LIMIT
    assert caught.value.retry_after_s == pytest.approx(0.5)


def test_zero_is_no_limit() -> None:
    """As the setting says."""
    limit = RateLimit(0, ManualClock())

    for _ in range(10_000):
        limit.spend("a")
