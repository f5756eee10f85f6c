"""Where a livestream stands, and why. Pure.

One table holds all transitions; docs/state-machines.md is drawn from it. Facts may come late, twice and in any order,
so a state is left only forwards: what has ended never revives (a new broadcast has a standing of its own), and of
those that change places, LIVE (or RECEIVING) and RECONNECTING, the later fact holds.
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
    STARTED_GATED = "an encoder is accepted, and publishing is an order"
    PUBLISHED = "the program is published"
    LOST = "no encoder gives media"
    RESUMED = "media comes again"
    RESUMED_GATED = "media comes again, not published yet"
    REJECTED = "what the encoder sends cannot be used, and no picture has come"
    END_ORDERED = "the end is ordered"
    ENDED = "the broadcast has ended"
    ENDED_UNRECORDED = "the broadcast has ended, and nothing is kept"
    RECORDED = "the recording is complete, failed or deleted"
    USED = "its one broadcast is over"
    DISABLED = "disable is ordered"
    ENABLED = "enable is ordered"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. `is_timed`: it happens only if its event is not older than the state."""

    before: State
    event: Event
    after: State
    is_timed: bool = False


_IDLE, _ACTIVE, _LIVE = Livestream.IDLE, Livestream.ACTIVE, Livestream.LIVE
_RECEIVING, _RECONNECTING, _ENDING = Livestream.RECEIVING, Livestream.RECONNECTING, Livestream.ENDING
_FAILED, _FINISHED, _DISABLED = Livestream.FAILED, Livestream.FINISHED, Livestream.DISABLED

_RESTING = (_IDLE, _ACTIVE, _ENDING, _FAILED)
"""Where a broadcast may begin; from ENDING while the last recording is being completed."""
_ON_AIR = (_LIVE, _RECEIVING, _RECONNECTING)

TRANSITIONS: tuple[Transition, ...] = (
    *(Transition(before, Event.ACTIVATED, _ACTIVE) for before in (_IDLE, _ENDING, _FAILED)),
    Transition(_ACTIVE, Event.WAITED, _IDLE),
    Transition(_ACTIVE, Event.END_ORDERED, _IDLE),
    *(Transition(before, Event.STARTED, _LIVE) for before in _RESTING),
    *(Transition(before, Event.STARTED_GATED, _RECEIVING) for before in _RESTING),
    Transition(_RECEIVING, Event.PUBLISHED, _LIVE),
    *(Transition(before, Event.LOST, _RECONNECTING, is_timed=True) for before in _ON_AIR),
    # It may be heard before the loss it ends.
    *(Transition(before, Event.RESUMED, _LIVE, is_timed=True) for before in (_LIVE, _RECONNECTING)),
    *(Transition(before, Event.RESUMED_GATED, _RECEIVING, is_timed=True) for before in (_RECEIVING, _RECONNECTING)),
    *(Transition(on_air, Event.END_ORDERED, _ENDING) for on_air in _ON_AIR),
    *(Transition(on_air, Event.ENDED, _ENDING) for on_air in _ON_AIR),
    *(Transition(on_air, Event.ENDED_UNRECORDED, _IDLE) for on_air in (*_ON_AIR, _ENDING)),
    # The recording is complete only after the end, so this tells of the end too if it is heard first.
    *(Transition(on_air, Event.RECORDED, _IDLE) for on_air in (*_ON_AIR, _ENDING)),
    *(Transition(before, Event.REJECTED, _FAILED) for before in (_IDLE, _ACTIVE, *_ON_AIR, _ENDING, _FAILED)),
    Transition(_IDLE, Event.USED, _FINISHED),
    *(
        Transition(before, Event.DISABLED, _DISABLED)
        for before in (_IDLE, _ACTIVE, *_ON_AIR, _ENDING, _FAILED, _FINISHED)
    ),
    Transition(_DISABLED, Event.ENABLED, _IDLE),
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
