"""The log's time, told from stamps and a monotonic clock."""

from services.packager.log_clock import LogClock


def test_nothing_read_is_no_time() -> None:
    """Before the first stamp the caller must ask elsewhere."""
    assert LogClock().now_us(5.0) is None


def test_time_goes_on_from_what_was_just_written() -> None:
    """Whatever this host takes the time to be."""
    clock = LogClock()
    clock.set(1_000_000_000, 5.0)

    assert clock.now_us(7.5) == 1_002_500_000


def test_old_stamp_does_not_turn_time_back() -> None:
    """What is read of the past says only that it is later than that."""
    clock = LogClock()
    clock.set(1_000_000_000, 5.0)
    clock.note(900_000_000, 6.0)

    assert clock.now_us(6.0) == 1_001_000_000


def test_stamp_from_ahead_is_believed() -> None:
    """A stamp cannot be from the future: if it is later than thought, it is later."""
    clock = LogClock()
    clock.note(1_000_000_000, 5.0)
    clock.note(1_009_000_000, 6.0)

    assert clock.now_us(6.0) == 1_009_000_000


def test_a_later_setting_corrects_an_earlier_one() -> None:
    """Also backwards, where the server's clock was put right."""
    clock = LogClock()
    clock.set(5_000_000_000, 5.0)
    clock.set(1_000_000_000, 6.0)

    assert clock.now_us(6.0) == 1_000_000_000
