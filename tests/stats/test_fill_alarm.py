"""When it is said that a log fills up."""

from services.stats.fill_alarm import FillAlarm


def test_alarm_rings_once_until_it_has_rested() -> None:
    """Going to and fro about the mark says nothing new."""
    alarm = FillAlarm()

    rung = [alarm.rings(percent) for percent in (10, 79.9, 80, 90, 79, 81, 74, 79, 80, 95)]

    assert [at for at, rings in enumerate(rung) if rings] == [2, 8]
