import pytest
from structlog import DropEvent

from services.common.clock import ManualClock
from services.common.log_repeats import RepeatLimit


def _said(limit: RepeatLimit, text: str, level: str = "warning") -> dict[str, object] | None:
    try:
        return dict(limit(None, level, {"event": text, "level": level, "module": "m"}))
    except DropEvent:
        return None


def test_storm_of_one_warning_is_cut_and_counted() -> None:
    """After the burst a warning is silent until the next window, which says how many were left out."""
    clock = ManualClock()
    limit = RepeatLimit(burst=2, window_s=10, monotonic=clock.monotonic)
    said = [_said(limit, "full") is not None for _ in range(5)]
    clock.advance(10)
    next_line = _said(limit, "full")

    assert said == [True, True, False, False, False]
    assert next_line is not None
    assert next_line["suppressed"] == 3
    assert "suppressed" not in (_said(limit, "full") or {})


def test_other_texts_and_lower_levels_pass() -> None:
    """The limit is per text, and ordinary lines have none."""
    limit = RepeatLimit(burst=1, window_s=10, monotonic=ManualClock().monotonic)
    assert _said(limit, "full") is not None
    assert _said(limit, "full") is None

    assert _said(limit, "empty") is not None
    assert all(_said(limit, "tick", "info") for _ in range(50))


def test_memory_is_bounded() -> None:
    """A peer that makes up new texts makes us forget old ones, not grow."""
    limit = RepeatLimit(burst=1, window_s=10, monotonic=ManualClock().monotonic)
    for number in range(2000):
        _said(limit, f"text {number}")

    assert len(limit._seen) <= 500
    with pytest.raises(DropEvent):
        limit(None, "warning", {"event": "text 1999", "level": "warning", "module": "m"})
