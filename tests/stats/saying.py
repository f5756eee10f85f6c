"""Facts as ingest, packager and origin say them."""

from uuid import uuid4

from headwater.internal.v1.facts_pb2 import Fact
from services.common import subjects
from services.common.bus.facts import FactPublisher
from services.stats.changes import Moment


def at(time_ms: int, *, now_ms: int | None = None, sequence: int = 1) -> Moment:
    """A fact that came into the log at that time, and is applied then or later."""
    return Moment(sequence, time_ms, time_ms if now_ms is None else now_ms)


def _fact(livestream: str, broadcast: str = "", instance: str = "") -> Fact:
    return Fact(id=uuid4().hex, livestream_id=livestream, broadcast_id=broadcast, instance=instance)


def connected(livestream: str, connection: int, *, instance: str = "primary", protocol: str = "rtmp") -> Fact:
    fact = _fact(livestream, instance=instance)
    fact.encoder_connected.connection, fact.encoder_connected.protocol = connection, protocol
    return fact


def disconnected(livestream: str, connection: int, *, instance: str = "primary") -> Fact:
    fact = _fact(livestream, instance=instance)
    fact.encoder_disconnected.connection, fact.encoder_disconnected.protocol = connection, "rtmp"
    return fact


def measured(livestream: str, connection: int, *, received_bytes: int = 0, instance: str = "primary") -> Fact:
    fact = _fact(livestream, instance=instance)
    said = fact.input_measured
    said.connection, said.protocol, said.received_bytes, said.interval_ms = connection, "rtmp", received_bytes, 10_000
    return fact


def source_changed(livestream: str, broadcast: str, instance: str) -> Fact:
    fact = _fact(livestream, broadcast, instance)
    fact.source_changed.reason = "started"
    return fact


def broadcast_ended(livestream: str, broadcast: str) -> Fact:
    fact = _fact(livestream, broadcast)
    fact.broadcast_ended.reason = "time-out"
    return fact


def viewers_seen(livestream: str, broadcast: str, *viewers: int) -> Fact:
    fact = _fact("")
    fact.viewers_seen.audiences.add(livestream_id=livestream, broadcast_id=broadcast, viewers=viewers)
    return fact


def say(publisher: FactPublisher, fact: Fact) -> None:
    """Put it on the bus."""
    kind = str(fact.WhichOneof("fact"))
    publisher.publish(subjects.fact(kind, fact.livestream_id), fact.SerializeToString(), fact.id)
