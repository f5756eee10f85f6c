"""Which instance is on air, and why: design.md section 4, "Failover". Pure.

The answer is a function of the log. Silence is measured by the other instance's stamps, never by our own clock: when
nats-server is away nobody's messages come, so nobody is silent.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.packager.program.instance import Instance

PRIMARY = "primary"


@dataclass(frozen=True, slots=True)
class Limits:
    """Settings of the election, in microseconds of log time."""

    silence_us: int = 1_000_000
    """The instance on air is silent when the other one's stamps are this far past its own."""
    fail_back_us: int = 5_000_000
    """The primary must have been there this long before the program goes back to it."""


@dataclass(frozen=True, slots=True)
class OnAir:
    """What the program is made of now."""

    instance: str
    connection: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Go over to this instance, for this reason."""

    instance: Instance
    reason: str


def is_gone(instance: Instance, on_air: OnAir) -> bool:
    """True if the connection on air has ended or has been replaced."""
    return instance.connection != on_air.connection or instance.closed is not None


def is_silent(instance: Instance, other: Instance, limits: Limits) -> bool:
    """True if `other` has been flowing for the silence limit without a word from `instance`.

    Only stamps of messages that ingest did not hold count: after an outage of the bus both instances have held some,
    and the one that reconnects first must not win by that.
    """
    if other.unheld_since_us is None or other.closed is not None:
        return False
    flowing_since = max(instance.newest_us, other.unheld_since_us)
    return other.newest_us - flowing_since > limits.silence_us


def can_begin(instance: Instance) -> bool:
    """True if the instance is connected and has a unit to begin with."""
    return instance.closed is None and any(True for _ in instance.key_times())


def elect(
    on_air: OnAir | None,
    instances: Iterable[Instance],
    *,
    fail_back: bool,
    limits: Limits,
    is_first: bool,
) -> Choice | None:
    """The instance to go over to now, or None to stay. `is_first` says that no program has been put out yet."""
    by_name = {instance.name: instance for instance in instances}
    if on_air is None:
        return _begin(by_name, "started" if is_first else "reconnected")
    current = by_name[on_air.instance]
    others = [instance for instance in by_name.values() if instance is not current and can_begin(instance)]
    if is_gone(current, on_air):
        if others:
            return Choice(others[0], "closed")
        return Choice(current, "reconnected") if can_begin(current) else None
    for other in others:
        if is_silent(current, other, limits):
            return Choice(other, "silent")
    primary = by_name.get(PRIMARY)
    if fail_back and primary in others and _has_settled(primary, limits):
        return Choice(primary, "fail-back")
    return None


def _begin(by_name: dict[str, Instance], reason: str) -> Choice | None:
    # An encoder that has come and gone within one message still has something to show.
    ready = sorted((i for i in by_name.values() if any(True for _ in i.key_times())), key=lambda i: i.name != PRIMARY)
    return Choice(ready[0], reason) if ready else None


def _has_settled(primary: Instance, limits: Limits) -> bool:
    since = primary.unheld_since_us
    return since is not None and primary.newest_us - since > limits.fail_back_us


def joining_key(instance: Instance, *, end_wall_us: int | None) -> int:
    """Decode time of the key frame to join `instance` at.

    The first at or after the end of what has been put out, if it is already there, else the last one before: what is
    shown again is at most a GOP, and nothing is waited for. Without a clock to align by: the newest.
    """
    keys = list(instance.key_times())
    if end_wall_us is None or instance.clock.origin_us is None:
        return keys[-1]
    slack_us = 20_000  # less than a frame: the same frame seen through two networks
    after = [key for key in keys if (instance.clock.wall_us(key) or 0) >= end_wall_us - slack_us]
    return after[0] if after else keys[-1]
