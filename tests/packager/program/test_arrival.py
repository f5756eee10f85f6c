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


TURN_S = (1 << 31) // 1000 + (1 << 31) % 1000 / 1000


def _clock(*, since_s: float, late_s: float) -> ArrivalClock:
    """Of an encoder whose first stamp is `since_s`, as if its time 0 had been at `START`; all comes `late_s` late."""
    clock = ArrivalClock()
    for second in range(3):
        at_s = since_s + second
        clock.observe(stamp_us=START + round((at_s + late_s) * S), held_us=0, dts=round(at_s * CLOCK_RATE))
    return clock


def _of_day(late_s: float) -> ArrivalClock:
    """Of an encoder that stamps with the time of day."""
    turns = START // S // TURN_S
    clock = ArrivalClock()
    for second in range(3):
        stamp_s = START / S - turns * TURN_S + second
        clock.observe(stamp_us=START + round((second + late_s) * S), held_us=0, dts=round(stamp_s * CLOCK_RATE))
    return clock


def test_stamps_that_are_the_time_of_day_align_to_the_tick() -> None:
    """However late either comes."""
    assert _of_day(0.1).dts_like(1_000_000, _of_day(2.7)) == 1_000_000


def test_stamps_that_are_none_align_by_arrival() -> None:
    """What began a second later, and comes as fast, is a second behind; and one that knows the time is not enough."""
    first, second = _clock(since_s=0, late_s=0.1), _clock(since_s=0, late_s=1.1)

    assert second.dts_like(5 * CLOCK_RATE, first) == 4 * CLOCK_RATE
    assert first.stamped_origin_us is None
    of_day = _of_day(0.1)
    shift = of_day.dts_like(0, first)
    assert shift is not None
    assert of_day.wall_us(shift) == first.wall_us(0)


def test_encoder_that_begins_at_zero_is_not_taken_for_one_that_knows_the_time() -> None:
    """Though it began at a moment when such stamps are 0."""
    clock = ArrivalClock()
    clock.observe(stamp_us=round(791 * TURN_S * S) + S, held_us=0, dts=CLOCK_RATE)

    assert clock.stamped_origin_us is None


def test_stamps_that_are_far_from_the_time_of_day_are_none() -> None:
    """A clock that is a minute wrong would put the program a minute wrong."""
    assert _of_day(60.0).stamped_origin_us is None
    assert _of_day(4.9).stamped_origin_us is not None
