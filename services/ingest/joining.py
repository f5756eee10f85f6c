"""How an encoder joins what is on air: design.md section 4, point 8. Pure."""

from dataclasses import dataclass

from headwater.internal.v1.onair_pb2 import OnAir, StreamKey


@dataclass(frozen=True, slots=True)
class Applicant:
    """An encoder that has shown a key."""

    key: StreamKey
    token: str
    edge: str
    protocol: str
    now_us: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it may not join now."""

    reason: str


@dataclass(frozen=True, slots=True)
class NewBroadcast:
    """What a broadcast begins with, should one begin."""

    broadcast_id: str
    shard: int


def join(record: OnAir | None, revision: int, applicant: Applicant, new: NewBroadcast) -> OnAir | Refusal:
    """The record with the applicant in it. `revision` is that of `record`; 0 if there is none."""
    if not applicant.key.is_enabled:
        return Refusal("the livestream is disabled")
    if record is not None and record.end_reason:
        if record.hold_until_us > applicant.now_us:
            return Refusal("the livestream was ended by order; activate it to send again")
        record = None
    joined = OnAir()
    if record is None:
        joined.broadcast_id, joined.shard = new.broadcast_id, new.shard
        joined.start_time_us = applicant.now_us
    else:
        joined.CopyFrom(record)
        for connection in joined.connections.values():
            # A number of 0 says "the revision that wrote me", and we are about to write another.
            connection.number = connection.number or revision
    joined.rules.CopyFrom(applicant.key.rules)
    mine = joined.connections[applicant.key.instance]
    mine.token, mine.number = applicant.token, 0
    mine.edge, mine.protocol, mine.since_us = applicant.edge, applicant.protocol, applicant.now_us
    return joined


def is_meant(record: OnAir | None, instance: str, token: str) -> str | None:
    """Why this connection is no longer meant; None if it is."""
    if record is None:
        return "the broadcast has ended"
    if record.end_reason:
        return "ended by order"
    if instance not in record.connections or record.connections[instance].token != token:
        return "another encoder has taken over"
    return None
