"""What each fact changes in Redis. Pure.

Every change can be made twice and in any order and the outcome is the same: sorted sets whose scores only rise
(`ZADD GT`), HyperLogLogs, a sum that remembers which of the newest facts are in it, and a set of those who have left,
so that an encoder's arrival that is heard late does not bring it back. That is how a fact is applied once: there is no
list of ids to lose together with Redis. (The bit rate alone is simply the last one heard.)

Presence is reckoned from JetStream's stamp on the fact, so that the clocks of the hosts of ingest and origin do not
matter. A fact that is older than what it says lasts changes no presence; unique viewers are counted all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from headwater.internal.v1.facts_pb2 import Audience, Fact
from services.common.redis_command import Command
from services.stats import keys

KINDS = (
    "encoder_connected",
    "encoder_disconnected",
    "input_measured",
    "source_changed",
    "broadcast_ended",
    "viewers_seen",
)
"""The facts that count here."""
INSTANCES = ("primary", "secondary")

KEEP_PRESENCE_S = 3600
"""How long Redis keeps a set of those present after its last change; each member has its own, shorter time."""
KEEP_S = 8 * 24 * 3600
"""How long Redis keeps what a livestream leaves behind: a day longer than samples and facts are kept."""
UNKNOWN = "unknown"
"""Stands for the instance on air where no fact tells it any more."""

_HOUR_MS = 3_600_000
_ADD_ONCE = """\
if redis.call('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[1]) == 1 then
  redis.call('INCRBY', KEYS[2], ARGV[2])
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1001)
  redis.call('EXPIRE', KEYS[1], ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
return 1
"""
_SOURCES = 16
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long after its last sign of life something counts."""

    encoder_ms: int = 25_000
    viewer_ms: int = 10_000


@dataclass(frozen=True, slots=True)
class Moment:
    """Where and when a fact came into the log, and what time it is now."""

    sequence: int
    time_ms: int
    now_ms: int


def changes(fact: Fact, moment: Moment, lifetimes: Lifetimes) -> list[Command]:
    """The commands that apply a fact; none for a fact that does not count."""
    match fact.WhichOneof("fact"):
        case "encoder_connected":
            member = _member(fact.encoder_connected.protocol, fact.encoder_connected.connection)
            return list(_encoder_there(fact, member, moment, lifetimes.encoder_ms))
        case "input_measured":
            measured = fact.input_measured
            member = _member(measured.protocol, measured.connection)
            there = list(_encoder_there(fact, member, moment, lifetimes.encoder_ms))
            return [*there, *_bitrate(fact, member)] if there else []
        case "encoder_disconnected":
            return list(_encoder_left(fact, moment))
        case "source_changed":
            return source(fact.livestream_id, fact.broadcast_id, fact.instance, moment.sequence)
        case "broadcast_ended":
            return source(fact.livestream_id, fact.broadcast_id, "", moment.sequence)
        case "viewers_seen":
            return [
                command
                for audience in fact.viewers_seen.audiences
                for command in _audience(audience, moment, lifetimes.viewer_ms, fact.viewers_seen.interval_ms)
            ]
        case _:
            return []


def source(livestream: str, broadcast: str, instance: str, sequence: int) -> list[Command]:
    """Note which instance the program comes from since `sequence`; "" says that the broadcast has ended."""
    key = keys.sources(livestream)
    return [
        ("ZADD", key, "GT", sequence, f"{broadcast} {instance}"),
        ("ZREMRANGEBYRANK", key, 0, -1 - _SOURCES),
        ("EXPIRE", key, KEEP_S),
    ]


def _encoder_there(fact: Fact, member: str, moment: Moment, lifetime_ms: int) -> Iterator[Command]:
    until = moment.time_ms + lifetime_ms
    if until <= moment.now_ms:
        return
    key = keys.encoders(fact.livestream_id, fact.instance)
    yield "ZADD", key, "GT", until, member
    yield "ZREMRANGEBYSCORE", key, "-inf", moment.now_ms
    yield "EXPIRE", key, KEEP_PRESENCE_S
    yield from _active(fact.livestream_id, until, moment)


def _bitrate(fact: Fact, member: str) -> Iterator[Command]:
    measured = fact.input_measured
    rate = measured.received_bytes * 8000 // max(measured.interval_ms, 1)
    key = keys.bitrates(fact.livestream_id, fact.instance)
    yield "HSET", key, member, rate
    yield "EXPIRE", key, KEEP_PRESENCE_S


def _encoder_left(fact: Fact, moment: Moment) -> Iterator[Command]:
    member = _member(fact.encoder_disconnected.protocol, fact.encoder_disconnected.connection)
    key = keys.left(fact.livestream_id, fact.instance)
    yield "ZADD", key, "GT", moment.time_ms, member
    yield "ZREMRANGEBYSCORE", key, "-inf", moment.now_ms - _HOUR_MS
    yield "EXPIRE", key, KEEP_PRESENCE_S
    yield "ZREM", keys.encoders(fact.livestream_id, fact.instance), member
    yield "HDEL", keys.bitrates(fact.livestream_id, fact.instance), member


def _audience(audience: Audience, moment: Moment, lifetime_ms: int, interval_ms: int) -> Iterator[Command]:
    uniques = keys.uniques(audience.livestream_id, audience.broadcast_id)
    viewers = keys.viewers(audience.livestream_id, audience.broadcast_id)
    until = moment.time_ms + lifetime_ms
    for some in _batches([viewer.to_bytes(8, "big") for viewer in audience.viewers]):
        yield "PFADD", uniques, *some
        if until > moment.now_ms:
            yield "ZADD", viewers, "GT", *(word for viewer in some for word in (until, viewer))
    yield _watched(audience, moment, interval_ms)
    yield "EXPIRE", uniques, KEEP_S
    yield "EXPIRE", keys.sources(audience.livestream_id), KEEP_S
    if until > moment.now_ms:
        yield "ZREMRANGEBYSCORE", viewers, "-inf", moment.now_ms
        yield "EXPIRE", viewers, KEEP_PRESENCE_S
        yield from _active(audience.livestream_id, until, moment)


def _watched(audience: Audience, moment: Moment, interval_ms: int) -> Command:
    """Each viewer who fetched in the interval has watched for as long as it is."""
    places = keys.counted(audience.livestream_id, audience.broadcast_id)
    total = keys.viewed(audience.livestream_id, audience.broadcast_id)
    return "EVAL", _ADD_ONCE, 2, places, total, moment.sequence, len(audience.viewers) * interval_ms, KEEP_S


def _active(livestream: str, until: int, moment: Moment) -> Iterator[Command]:
    yield "ZADD", keys.ACTIVE, "GT", until, livestream
    yield "ZREMRANGEBYSCORE", keys.ACTIVE, "-inf", moment.now_ms - _HOUR_MS


def _batches(members: list[bytes]) -> Iterator[list[bytes]]:
    rest = iter(members)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _member(protocol: str, connection: int) -> str:
    return f"{protocol}/{connection}"
