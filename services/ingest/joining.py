"""How an encoder joins what is on air: design.md section 4, point 8. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from headwater.internal.v1.onair_pb2 import OnAir, StreamKey


@dataclass(frozen=True, slots=True)
class Applicant:
    """An encoder that has shown a key."""

    key: StreamKey
    token: str
    edge: str
    protocol: str
    now_us: int


class Why(StrEnum):
    """Kinds of refusal; the values are those of the metric's label."""

    UNKNOWN_KEY = "unknown-key"
    DISABLED = "disabled"
    HELD = "held"
    LOG_FULL = "log-full"
    BUSY = "busy"
    AWAY = "away"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it may not join now; `reason` is what its user reads."""

    why: Why
    reason: str


class Loss(StrEnum):
    """Why a connection is no longer meant; the values are what its user reads."""

    ENDED = "the broadcast has ended"
    ORDERED = "ended by order"
    TAKEN_OVER = "another encoder has taken over"


@dataclass(frozen=True, slots=True)
class NewBroadcast:
    """What a broadcast begins with, should one begin."""

    broadcast_id: str
    shard: int


def join(record: OnAir | None, revision: int, applicant: Applicant, new: NewBroadcast | Refusal) -> OnAir | Refusal:
    """The record with the applicant in it. `revision` is that of `record`; 0 if there is none.

    `new` is used only where no broadcast is on air; a Refusal there says why none may begin.
    """
    if not applicant.key.is_enabled:
        return Refusal(Why.DISABLED, applicant.key.refusal or "the livestream is disabled")
    only = applicant.key.broadcast_id
    if only and (record is None or record.end_reason or record.broadcast_id != only):
        return Refusal(Why.DISABLED, applicant.key.refusal)
    if record is not None and record.end_reason:
        # While encoders keep their connections a new one is no encoder that comes back by itself.
        is_lingering = record.linger_until_us > applicant.now_us
        if record.hold_until_us > applicant.now_us and not is_lingering:
            return Refusal(Why.HELD, "the livestream was ended by order; activate it to send again")
        record = None
    if record is None and isinstance(new, Refusal):
        return new
    joined = OnAir()
    if record is not None:
        joined.CopyFrom(record)
        for connection in joined.connections.values():
            # A number of 0 says "the revision that wrote me", and we are about to write another.
            connection.number = connection.number or revision
    elif isinstance(new, NewBroadcast):
        joined.broadcast_id, joined.shard = new.broadcast_id, new.shard
        joined.start_time_us = applicant.now_us
    joined.rules.CopyFrom(applicant.key.rules)
    if record is not None:
        # What is recorded, shown and kept back stays as it began.
        began = record.rules
        joined.rules.record, joined.rules.is_hidden = began.record, began.is_hidden
        joined.rules.is_gated = began.is_gated
    mine = joined.connections[applicant.key.instance]
    mine.token, mine.number = applicant.token, 0
    mine.edge, mine.protocol, mine.since_us = applicant.edge, applicant.protocol, applicant.now_us
    return joined


def number_of(record: OnAir, revision: int, applicant: Applicant) -> int | None:
    """The applicant's connection number if it is in the record: a write whose answer was lost may have been done."""
    mine = record.connections.get(applicant.key.instance)
    if mine is None or mine.token != applicant.token or record.end_reason:
        return None
    return int(mine.number) or revision


def loss(record: OnAir | None, broadcast_id: str, instance: str, token: str) -> Loss | None:
    """Why this connection is no longer meant; None if it is."""
    if record is None or record.broadcast_id != broadcast_id:
        return Loss.ENDED
    if record.end_reason:
        return Loss.ORDERED
    if instance not in record.connections or record.connections[instance].token != token:
        return Loss.TAKEN_OVER
    return None
