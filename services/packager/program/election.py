"""Which instance is on air, and why: design.md section 4, "Failover". Pure.

The answer is a function of the log. Silence is measured by the other instance's stamps, never by our own clock: when
nats-server is away nobody's messages come, so nobody is silent.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.common.media.unit import CLOCK_RATE
from services.packager.program.instance import Instance

PRIMARY = "primary"

SAME_FRAME = CLOCK_RATE // 50
"""Less than a frame: the same frame, seen through two networks."""


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
    if other.flowing_since_us is None:
        return False
    alone_since = max(instance.newest_us, other.flowing_since_us)
    return other.newest_us - alone_since > limits.silence_us


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
    # Who was heard last says what time it is. One that has been silent for long has only old pictures to offer.
    oldest_us = max(instance.newest_us for instance in by_name.values()) - limits.silence_us
    ready = {name: i for name, i in by_name.items() if i.key_times and i.newest_us >= oldest_us}
    if on_air is None:
        # An encoder that has come and gone within one message still has something to show.
        first = ready.get(PRIMARY) or next(iter(ready.values()), None)
        return Choice(first, "started" if is_first else "reconnected") if first is not None else None
    current = by_name[on_air.instance]
    others = [i for i in ready.values() if i is not current and i.closed is None]
    if is_gone(current, on_air):
        return _replace(current, others, is_ready=current.name in ready)
    if others and is_silent(current, others[0], limits):
        return Choice(others[0], "silent")
    primary = ready.get(PRIMARY)
    if fail_back and primary in others and _has_settled(primary, limits):
        return Choice(primary, "fail-back")
    return None


def _replace(gone: Instance, others: list[Instance], *, is_ready: bool) -> Choice | None:
    """The other instance, else a new connection of the one that is gone."""
    if others:
        return Choice(others[0], "closed")
    return Choice(gone, "reconnected") if is_ready and gone.closed is None else None


def _has_settled(primary: Instance, limits: Limits) -> bool:
    since = primary.flowing_since_us
    return since is not None and primary.newest_us - since > limits.fail_back_us


def joining_key(instance: Instance, *, end: int | None) -> int:
    """Decode time of the key frame to join `instance` at.

    The first at or after the end of what has been put out, which is `end` by its own clock, if it is already there,
    else the last one before: what is shown again is at most a GOP, and nothing is waited for. Without a clock to align
    by (None): the newest.
    """
    keys = instance.key_times
    if end is None:
        return keys[-1]
    return next((key for key in keys if key >= end - SAME_FRAME), keys[-1])
