"""Where a livestream stands, and why. Pure.

One table holds all transitions; docs/state-machines.md is drawn from it. Facts may come late, twice and in any order,
so a state is left only forwards: what has ended never revives (a new broadcast has a standing of its own), and of the
two that change places, LIVE and RECONNECTING, the later fact holds.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from headwater.v1.livestreams_pb2 import Livestream

State: TypeAlias = Livestream.State.ValueType


class Event(Enum):
    """What moves a livestream; the value is how people say it."""

    ACTIVATED = "activate is ordered"
    WAITED = "nobody came within the reconnect window"
    STARTED = "an encoder is accepted"
    LOST = "no encoder gives media"
    RESUMED = "media comes again"
    END_ORDERED = "idle is ordered"
    ENDED = "the broadcast has ended"
    ENDED_UNRECORDED = "the broadcast has ended, and nothing is kept"
    RECORDED = "the recording is complete, failed or deleted"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. `is_timed`: it happens only if its event is not older than the state."""

    before: State
    event: Event
    after: State
    is_timed: bool = False


_IDLE, _ACTIVE, _LIVE = Livestream.IDLE, Livestream.ACTIVE, Livestream.LIVE
_RECONNECTING, _ENDING = Livestream.RECONNECTING, Livestream.ENDING

TRANSITIONS: tuple[Transition, ...] = (
    Transition(_IDLE, Event.ACTIVATED, _ACTIVE),
    Transition(_ACTIVE, Event.WAITED, _IDLE),
    Transition(_IDLE, Event.STARTED, _LIVE),
    Transition(_ACTIVE, Event.STARTED, _LIVE),
    Transition(_ENDING, Event.ACTIVATED, _ACTIVE),  # the last recording is completed meanwhile
    Transition(_ENDING, Event.STARTED, _LIVE),
    Transition(_LIVE, Event.LOST, _RECONNECTING, is_timed=True),
    Transition(_RECONNECTING, Event.RESUMED, _LIVE, is_timed=True),
    Transition(_LIVE, Event.RESUMED, _LIVE, is_timed=True),  # it may be heard before the loss it ends
    Transition(_RECONNECTING, Event.LOST, _RECONNECTING, is_timed=True),
    *(Transition(on_air, Event.END_ORDERED, _ENDING) for on_air in (_LIVE, _RECONNECTING)),
    *(Transition(on_air, Event.ENDED, _ENDING) for on_air in (_LIVE, _RECONNECTING)),
    *(Transition(on_air, Event.ENDED_UNRECORDED, _IDLE) for on_air in (_LIVE, _RECONNECTING, _ENDING)),
    # The recording is complete only after the end, so this tells of the end too if it is heard first.
    *(Transition(on_air, Event.RECORDED, _IDLE) for on_air in (_LIVE, _RECONNECTING, _ENDING)),
)

_TABLE = {(row.before, row.event): row for row in TRANSITIONS}


@dataclass(frozen=True, slots=True)
class Standing:
    """A state, since when (Unix microseconds) and why."""

    state: State
    reason: str
    time_us: int


def advance(standing: Standing, event: Event, at_us: int, reason: str) -> Standing:
    """Where it stands after an event that happened at `at_us`; the same if the table has no such way."""
    row = _TABLE.get((standing.state, event))
    if row is None or (row.is_timed and at_us < standing.time_us):
        return standing
    return Standing(row.after, reason, at_us)


def resting(created_us: int, armed_us: int, window_us: int, now_us: int) -> Standing:
    """Where a livestream stands that has no broadcast since it was last activated (`armed_us`; 0: never)."""
    standing = Standing(_IDLE, "created", created_us)
    if armed_us:
        standing = advance(standing, Event.ACTIVATED, armed_us, "activated")
        if now_us >= armed_us + window_us:
            standing = advance(standing, Event.WAITED, armed_us + window_us, "nobody came")
    return standing
