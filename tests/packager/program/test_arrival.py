"""When units were made, read off JetStream's stamps."""

from services.common.media.unit import CLOCK_RATE
from services.packager.program.arrival import ArrivalClock

S = 1_000_000
START = 1_700_000_000 * S


def test_nothing_is_known_before_the_first_unit() -> None:
    """A clock that has seen nothing tells no time."""
    assert ArrivalClock().wall_us(0) is None


def test_the_quickest_unit_tells_when_all_were_made() -> None:
    """What was delayed on its way says less than what was not."""
    clock = ArrivalClock()
    for number, delay_us in enumerate([80_000, 20_000, 300_000]):
        clock.observe(stamp_us=START + number * S + delay_us, held_us=0, dts=number * CLOCK_RATE)

    assert clock.wall_us(2 * CLOCK_RATE) == START + 2 * S + 20_000


def test_what_ingest_held_is_no_delay() -> None:
    """The time that a message waited for NATS is taken off."""
    clock = ArrivalClock()
    clock.observe(stamp_us=START + 4 * S, held_us=4 * S, dts=0)

    assert clock.wall_us(0) == START


def test_drift_is_followed() -> None:
    """An encoder's clock that runs slow against JetStream's is followed within 10 s."""
    clock = ArrivalClock()
    for second in range(60):
        clock.observe(stamp_us=START + second * (S + 1000), held_us=0, dts=second * CLOCK_RATE)

    assert abs((clock.wall_us(59 * CLOCK_RATE) or 0) - (START + 59 * (S + 1000))) <= 10 * 1000
