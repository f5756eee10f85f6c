import pytest

from services.common.clock import Clock, ManualClock, SystemClock


def test_manual_clock_moves_only_when_turned() -> None:
    """Both faces of a manual clock move by what it was advanced."""
    clock = ManualClock(now=100.0)
    assert (clock.now(), clock.monotonic()) == (100.0, 0.0)

    clock.advance(2.5)

    assert (clock.now(), clock.monotonic()) == (102.5, 2.5)


def test_jump_of_the_wall_clock_leaves_durations_alone() -> None:
    """Setting the wall clock, even backwards, does not touch the monotonic one."""
    clock = ManualClock(now=100.0)
    clock.jump(50.0)

    assert (clock.now(), clock.monotonic()) == (50.0, 0.0)


def test_manual_clock_refuses_to_run_backwards() -> None:
    """A negative advance is a mistake in the test that asks for it."""
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(-1)


def test_system_clock_is_a_clock_in_unix_seconds() -> None:
    """The machine's clock gives seconds since 1970 and a monotonic reading."""
    clock: Clock = SystemClock()
    first = clock.monotonic()

    assert clock.now() > 1_700_000_000
    assert clock.monotonic() >= first
