"""Who is on air, as a function of what the log says."""

import pytest

from services.packager.program.election import Limits, OnAir, elect, joining_key
from services.packager.program.instance import Instance
from services.packager.program.ordering import ConnectionOrder
from tests.packager.program.synthetic import Source, log, ms, with_configs

LIMITS = Limits()


def _instance(
    name: str,
    *,
    since_s: float = 0.0,
    until_s: float = 8.0,
    connection: int = 5,
    closed: bool = False,
    held_ms: int = 0,
) -> Instance:
    source = Source(tag=name, since_s=since_s, until_s=until_s)
    found = Instance(name, ConnectionOrder())
    for sequence, message in enumerate(
        log(with_configs(source.units(), source.configs), connection=connection, closed=closed), 1
    ):
        payload = message.payload
        if held_ms:
            payload = payload[:4] + held_ms.to_bytes(4, "big") + payload[8:]
        found.feed(sequence, message.stamp_us, payload)
    return found


def _absent(name: str) -> Instance:
    return Instance(name, ConnectionOrder())


def _choice(
    on_air: OnAir | None, primary: Instance, secondary: Instance, *, fail_back: bool = False, is_first: bool = False
) -> tuple[str, str] | None:
    found = elect(on_air, [primary, secondary], fail_back=fail_back, limits=LIMITS, is_first=is_first)
    return (found.instance.name, found.reason) if found else None


ON_PRIMARY = OnAir("primary", 5)
ON_SECONDARY = OnAir("secondary", 5)


def test_primary_begins_where_both_could() -> None:
    """It is the one a customer thinks of first."""
    assert _choice(None, _instance("primary"), _instance("secondary"), is_first=True) == ("primary", "started")


def test_whoever_is_there_begins() -> None:
    """A secondary alone is a program, and one that comes after a gap goes on with it."""
    assert _choice(None, _absent("primary"), _instance("secondary"), is_first=True) == ("secondary", "started")
    assert _choice(None, _absent("primary"), _instance("secondary")) == ("secondary", "reconnected")


def test_encoder_that_has_left_already_still_has_something_to_show() -> None:
    """What it sent is put out."""
    assert _choice(None, _instance("primary", closed=True), _absent("secondary"), is_first=True) == (
        "primary",
        "started",
    )


def test_encoder_silent_for_long_does_not_begin() -> None:
    """Old pictures are no reason to keep a living encoder waiting."""
    assert _choice(None, _instance("primary", until_s=1.0), _instance("secondary"), is_first=True) == (
        "secondary",
        "started",
    )


@pytest.mark.parametrize(("until_s", "choice"), [(7.3, None), (6.5, ("secondary", "silent"))])
def test_instance_is_silent_when_the_other_is_a_second_past_it(until_s: float, choice: object) -> None:
    """Measured by stamps of the log alone."""
    assert _choice(ON_PRIMARY, _instance("primary", until_s=until_s), _instance("secondary")) == choice


def test_held_messages_make_nobody_silent() -> None:
    """Whoever writes first what it held through an outage does not win by that."""
    primary, secondary = _instance("primary", until_s=4.0), _instance("secondary", held_ms=3000)

    assert _choice(ON_PRIMARY, primary, secondary) is None


def test_closed_connection_counts_at_once() -> None:
    """The other goes on air without any waiting."""
    primary, secondary = _instance("primary", until_s=7.9, closed=True), _instance("secondary")

    assert _choice(ON_PRIMARY, primary, secondary) == ("secondary", "closed")


def test_nobody_goes_over_to_a_dead_instance() -> None:
    """When the one on air closes and the other has been silent for long, there is nobody."""
    primary, secondary = _instance("primary", closed=True), _instance("secondary", until_s=5.0)

    assert _choice(ON_PRIMARY, primary, secondary) is None


def test_replaced_connection_is_gone_on_with_where_there_is_no_other() -> None:
    """A second encoder on the same instance takes over at once."""
    primary = _instance("primary", connection=9)

    assert _choice(ON_PRIMARY, primary, _absent("secondary")) == ("primary", "reconnected")


@pytest.mark.parametrize(
    ("fail_back", "since_s", "choice"),
    [(False, 0.0, None), (True, 0.0, ("primary", "fail-back")), (True, 4.0, None)],
)
def test_fail_back_is_a_setting_and_waits(fail_back: bool, since_s: float, choice: object) -> None:
    """Without it nothing jumps; with it the primary must have been there for a while."""
    primary, secondary = _instance("primary", since_s=since_s), _instance("secondary")

    assert _choice(ON_SECONDARY, primary, secondary, fail_back=fail_back) == choice


def test_nobody_falls_back_to_a_primary_that_has_died() -> None:
    """It was there long enough, and is not there now."""
    primary, secondary = _instance("primary", until_s=6.0), _instance("secondary")

    assert _choice(ON_SECONDARY, primary, secondary, fail_back=True) is None


@pytest.mark.parametrize(("end_s", "key_s"), [(3.0, 4.0), (3.99, 4.0), (4.0, 4.0), (6.5, 6.0), (0.5, 2.0)])
def test_joining_key_is_the_first_after_the_end_or_the_last_before(end_s: float, key_s: float) -> None:
    """Nothing is waited for: what is not there yet is replaced by what was."""
    instance = _instance("secondary")

    assert joining_key(instance, end=ms(end_s)) == ms(key_s)


def test_without_a_clock_the_newest_key_is_joined() -> None:
    """There is nothing to align by."""
    assert joining_key(_instance("secondary"), end=None) == ms(6)
