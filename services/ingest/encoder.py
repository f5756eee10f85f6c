"""One encoder that may send: from its key to the reason it ended. Knows no protocol."""

from collections.abc import Callable
from dataclasses import dataclass

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import StreamKey
from services.common import subjects
from services.common.bus.errors import BusError
from services.common.bus.facts import FactPublisher
from services.common.clock import Clock
from services.common.ids import new_id
from services.common.log import get_logger
from services.common.media.unit import Config, Unit
from services.common.spine import Spine
from services.ingest.batcher import Batcher, BatchLimits, Body
from services.ingest.fullness import Fullness
from services.ingest.joining import Applicant, Refusal
from services.ingest.keys import KeyBook
from services.ingest.media_log import LogLimits, MediaLogWriter
from services.ingest.on_air import Joined, OnAirBook

_log = get_logger(__name__)

MEASURE_S = 10.0
"""How often an encoder's rate is said and judged."""


@dataclass(frozen=True)
class Edge:
    """What every encoder of this ingest shares."""

    name: str
    spine: Spine
    keys: KeyBook
    on_air: OnAirBook
    facts: FactPublisher
    fullness: Fullness
    clock: Clock
    batch: BatchLimits
    log_limits: LogLimits
    max_bitrate: int
    on_drop: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Introduction:
    """What an encoder says of itself."""

    candidates: tuple[str, ...]
    protocol: str
    remote_address: str
    software: str


class Encoder:
    """An admitted encoder: units in, messages out."""

    def __init__(self, edge: Edge, key: StreamKey, joined: Joined, who: Introduction, token: str) -> None:
        self.key = key
        self.joined = joined
        self.who = who
        self.token = token
        self.since_us = round(edge.clock.now() * 1e6)
        self.received_bytes = 0
        self._edge = edge
        self._batcher = Batcher(edge.batch)
        self._writer: MediaLogWriter | None = None
        self._measured_at = edge.clock.monotonic()
        self._measured_bytes = 0
        self._dropped = 0

    async def open(self) -> None:
        """Open the media log and say that the encoder is here. Errors: Unavailable."""
        log = await self._edge.spine.media(self.joined.shard)
        subject = subjects.media(self.joined.shard, self.key.instance, self.joined.broadcast_id)
        self._writer = MediaLogWriter(
            log,
            subject,
            connection=self.joined.connection,
            limits=self._edge.log_limits,
            clock=self._edge.clock,
            on_drop=self._note_drop,
        )
        fact = self._fact("connected")
        found = fact.encoder_connected
        found.connection, found.edge, found.protocol = self.joined.connection, self._edge.name, self.who.protocol
        found.remote_address, found.encoder = self.who.remote_address, self.who.software
        self._say(fact)
        _log.info("encoder connected", instance=self.key.instance, remote=self.who.remote_address)

    def add_config(self, config: Config) -> None:
        """Take a codec configuration."""
        self._batcher.add_config(config)

    def add(self, unit: Unit) -> None:
        """Take a unit."""
        for body in self._batcher.add(unit, self._edge.clock.monotonic()):
            self._write(body)

    def _write(self, body: Body) -> None:
        if self._writer is not None:
            self._writer.write(body)

    @property
    def buffered_bytes(self) -> int:
        return self._writer.buffered_bytes if self._writer is not None else 0

    def pass_time(self) -> str | None:
        """Write what has waited long enough and say the rate; a reason if the encoder must go."""
        now = self._edge.clock.monotonic()
        due = self._batcher.due_at
        if due is not None and now >= due:
            for body in self._batcher.flush():
                self._write(body)
        return self._measure(now) if now - self._measured_at >= MEASURE_S else None

    def _measure(self, now: float) -> str | None:
        interval_s = now - self._measured_at
        received = self.received_bytes - self._measured_bytes
        self._measured_at, self._measured_bytes = now, self.received_bytes
        fact = self._fact(f"measured-{round(now * 1000)}")
        fact.input_measured.connection, fact.input_measured.edge = self.joined.connection, self._edge.name
        fact.input_measured.received_bytes, fact.input_measured.protocol = received, self.who.protocol
        fact.input_measured.interval_ms = round(interval_s * 1000)
        self._say(fact)
        rate = received * 8 / interval_s
        if rate > self._edge.max_bitrate:
            return f"the encoder sends {rate / 1e6:.0f} Mbit/s; at most {self._edge.max_bitrate / 1e6:.0f} are taken"
        return None

    async def close(self, reason: str, *, is_clean: bool, timeout_s: float = 5.0) -> None:
        """Write the rest and the last message, and say that the encoder is gone. Never raises."""
        self._edge.on_air.leave(self.token)
        for body in self._batcher.flush():
            self._write(body)
        if self._writer is not None and not await self._writer.close(reason, is_clean=is_clean, timeout_s=timeout_s):
            _log.warning("the end of a connection is not in the media log", connection=self.joined.connection)
        fact = self._fact("disconnected")
        found = fact.encoder_disconnected
        found.connection, found.edge, found.protocol = self.joined.connection, self._edge.name, self.who.protocol
        found.reason, found.is_clean, found.received_bytes = reason, is_clean, self.received_bytes
        self._say(fact)
        _log.info("encoder disconnected", instance=self.key.instance, reason=reason, bytes=self.received_bytes)

    def _note_drop(self, units: int, size: int) -> None:
        self._edge.on_drop(units)
        self._dropped += 1
        fact = self._fact(f"dropped-{self._dropped}")
        fact.media_dropped.connection = self.joined.connection
        fact.media_dropped.units, fact.media_dropped.bytes = units, size
        self._say(fact)
        _log.warning("media dropped: the log does not take it", units=units, bytes=size)

    def _fact(self, word: str) -> Fact:
        return Fact(
            id=f"{self.joined.broadcast_id}-{self.joined.connection}-{word}",
            time_us=round(self._edge.clock.now() * 1e6),
            livestream_id=self.key.livestream_id,
            broadcast_id=self.joined.broadcast_id,
            instance=self.key.instance,
        )

    def _say(self, fact: Fact) -> None:
        say(self._edge.facts, fact)


def say(facts: FactPublisher, fact: Fact) -> None:
    """Put a fact on the bus under the subject of its kind."""
    subject = subjects.fact(str(fact.WhichOneof("fact")), fact.livestream_id)
    facts.publish(subject, fact.SerializeToString(), fact.id)


async def admit(edge: Edge, who: Introduction, on_unmeant: Callable[[str], None]) -> Encoder | Refusal:
    """Let an encoder in, or say why not. Never raises."""
    try:
        key = None
        for candidate in who.candidates:
            if (key := await edge.keys.find(candidate)) is not None:
                break
        if key is None:
            return _refuse(edge, who, "the stream key is unknown", None)
        if (reason := edge.fullness.refusal) is not None:
            return _refuse(edge, who, reason, key)
        now_us = round(edge.clock.now() * 1e6)
        applicant = Applicant(key, new_id(), edge.name, who.protocol, now_us)
        joined = await edge.on_air.join(applicant, on_unmeant)
        if isinstance(joined, Refusal):
            return _refuse(edge, who, joined.reason, key)
        encoder = Encoder(edge, key, joined, who, applicant.token)
        await encoder.open()
    except BusError as error:
        _log.warning("an encoder cannot be admitted", reason=repr(error))
        return Refusal("the server is not ready; try again in a moment")
    return encoder


def _refuse(edge: Edge, who: Introduction, reason: str, key: StreamKey | None) -> Refusal:
    now_us = round(edge.clock.now() * 1e6)
    fact = Fact(id=new_id(), time_us=now_us)
    if key is not None:
        fact.livestream_id, fact.instance = key.livestream_id, key.instance
    refused = fact.encoder_refused
    refused.reason, refused.remote_address, refused.protocol = reason, who.remote_address, who.protocol
    if key is not None:
        # A stranger with a wrong key is nobody's fact: he could fill the stream. Metrics and the log tell of him.
        say(edge.facts, fact)
    _log.info("encoder refused", reason=reason, remote=who.remote_address)
    return Refusal(reason)
