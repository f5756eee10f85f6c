"""When samples are taken and how one pages through them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import AppError, Kind
from services.stats.figures import Counts
from services.stats.series import INTERVAL_MS, Sample, decode_place, encode_place, is_due, page_size, slot, until_next

NONE, ONE = Counts(), Counts(rtmp_connections=1)
VIEWER = Counts(hls_connections=1)


@given(st.integers(0, 2**45))
def test_slots_follow_each_other(now_ms: int) -> None:
    """A moment lies in its slot, and waiting leads to the next one."""
    assert slot(now_ms) <= now_ms < slot(now_ms) + INTERVAL_MS
    assert slot(now_ms + until_next(now_ms)) == slot(now_ms) + INTERVAL_MS
    assert slot(now_ms) % INTERVAL_MS == 0


@pytest.mark.parametrize(
    ("counts", "last", "expected"),
    [
        (ONE, None, True),
        (VIEWER, None, True),
        (NONE, None, False),
        (NONE, Sample(90_000, ONE), True),
        (NONE, Sample(80_000, VIEWER), True),
        (NONE, Sample(70_000, ONE), False),
        (NONE, Sample(90_000, NONE), False),
        (ONE, Sample(90_000, NONE), True),
    ],
)
def test_sample_is_due_while_something_is_or_was_just_there(
    counts: Counts, last: Sample | None, expected: bool
) -> None:
    """One zero ends a curve; then nothing more is kept."""
    assert is_due(counts, 100_000, last) is expected


@pytest.mark.parametrize(("asked", "expected"), [(0, 50), (7, 7), (5000, 1000)])
def test_page_has_a_size_that_is_bounded(asked: int, expected: int) -> None:
    """0 means the default."""
    assert page_size(asked) == expected


@given(st.sampled_from(["primary", "secondary"]), st.integers(0, 10**15 - 1))
def test_page_token_leads_back_to_its_place(instance: str, before_ms: int) -> None:
    """What was encoded is decoded."""
    assert decode_place("a1", instance, encode_place("a1", instance, before_ms)) == before_ms


def test_first_page_has_no_token() -> None:
    """An empty token begins at the newest."""
    assert decode_place("a1", "primary", "") is None


@given(st.text(min_size=1, max_size=60))
def test_foreign_token_is_refused_and_named(token: str) -> None:
    """Whatever a stranger sends is INVALID, never an error of ours."""
    with pytest.raises(AppError) as refusal:
        decode_place("a1", "primary", f"!{token}")

    assert (refusal.value.kind, refusal.value.field) == (Kind.INVALID, "pageToken")


@pytest.mark.parametrize("other", [("a1", "secondary"), ("b2", "primary")])
def test_token_of_another_list_is_refused(other: tuple[str, str]) -> None:
    """A place in one livestream's instance is no place in another's."""
    with pytest.raises(AppError):
        decode_place("a1", "primary", encode_place(*other, 5))
