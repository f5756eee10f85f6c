"""One encoder that may send: from its place on air to the reason it ended. Knows no protocol."""

from headwater.internal.v1.facts_pb2 import Fact
from services.common import subjects
from services.common.facts import say
from services.common.input_rules import UNSUPPORTED_AUDIO_CODEC, UNSUPPORTED_VIDEO_CODEC, applies
from services.common.log import get_logger
from services.common.media.unit import Config, Track, Unit
from services.ingest.batcher import Batcher, Body
from services.ingest.edge import Edge, Introduction
from services.ingest.keys import Found
from services.ingest.media_log import MediaLogWriter
from services.ingest.on_air import Joined
from services.ingest.rtmp.events import CodecRefused

MEASURE_S = 10.0
"""How often an encoder's rate is said and judged."""
DROPS_SAID_S = 1.0
CLOSE_S = 60.0
"""How long the last media may take into the log: it outlives a restart of NATS."""

COMPLETE = "the broadcast is complete"

_log = get_logger(__name__)


class Encoder:
    """An admitted encoder: units in, messages out."""

    def __init__(self, edge: Edge, found: Found, joined: Joined, who: Introduction, token: str) -> None:
        self.key = found.key
        self.key_name = found.name
        self.joined = joined
        self.who = who
        self.token = token
        self.since_us = round(edge.clock.now() * 1e6)
        self.received_bytes = 0
        self._edge = edge
        self._now = edge.clock.monotonic
        self._batcher = Batcher(edge.batch)
        self._writer: MediaLogWriter | None = None
        self._since = self._measured_at = self._now()
        self._measured_bytes = 0
        self._drops_said = 0
        self._drops_said_at = self._since
        self._dropped_units = self._dropped_bytes = 0
        self._lingers_until: float | None = None
        self._log = _log.bind(
            livestream=self.key.livestream_id,
            broadcast=joined.broadcast_id,
            instance=self.key.instance,
            connection=joined.connection,
        )

    async def open(self) -> None:
        """Open the media log and say that the encoder is here. Errors: Unavailable, Refused."""
        log = await self._edge.spine.media(self.joined.shard)
        subject = subjects.media(self.joined.shard, self.key.instance, self.joined.broadcast_id)
        self._writer = self._edge.writers[subject] = MediaLogWriter(
            log,
            subject,
            connection=self.joined.connection,
            limits=self._edge.log_limits,
            clock=self._edge.clock,
            on_drop=self._note_drop,
            after=self._edge.writers.get(subject),
        )
        fact = self._fact("connected")
        found = fact.encoder_connected
        found.connection, found.edge, found.protocol = self.joined.connection, self._edge.name, self.who.protocol
        found.remote_address, found.encoder = self.who.remote_address, self.who.software
        say(self._edge.facts, fact)
        who = self.who
        self._log.info("encoder connected", protocol=who.protocol, remote=who.remote_address, encoder=who.software)

    def add_config(self, config: Config) -> None:
        """Take a codec configuration."""
        if self._lingers_until is None:
            self._batcher.add_config(config)

    def add(self, unit: Unit, now: float) -> None:
        """Take a unit that came at `now` of the monotonic clock."""
        if self._lingers_until is not None:
            return
        for body in self._batcher.add(unit, now):
            self._write(body)

    def _write(self, body: Body) -> None:
        if self._writer is not None:
            self._writer.write(body)

    @property
    def buffered_bytes(self) -> int:
        return self._writer.buffered_bytes if self._writer is not None else 0

    @property
    def is_lingering(self) -> bool:
        return self._lingers_until is not None

    def linger(self, until_us: int) -> None:
        """Its broadcast is over: throw away what it sends from now on, and let it go at that Unix time."""
        self._lingers_until = self._now() + max(0.0, until_us / 1e6 - self._edge.clock.now())
        for body in self._batcher.flush():
            self._write(body)

    def pass_time(self, now: float) -> str | None:
        """Write what has waited long enough and say the rate; a reason if the encoder must go."""
        if self._lingers_until is not None:
            return COMPLETE if now >= self._lingers_until else None
        due = self._batcher.due_at
        if due is not None and now >= due:
            for body in self._batcher.flush():
                self._write(body)
        if self._dropped_units and now - self._drops_said_at >= DROPS_SAID_S:
            self._say_drops(now)
        return self._measure(now) if now - self._measured_at >= MEASURE_S else None

    def _measure(self, now: float) -> str | None:
        interval_s = now - self._measured_at
        received = self.received_bytes - self._measured_bytes
        self._measured_at, self._measured_bytes = now, self.received_bytes
        fact = self._fact(f"measured-{round(now * 1000)}")
        fact.input_measured.connection, fact.input_measured.edge = self.joined.connection, self._edge.name
        fact.input_measured.received_bytes, fact.input_measured.protocol = received, self.who.protocol
        fact.input_measured.interval_ms = round(interval_s * 1000)
        say(self._edge.facts, fact)
        rate = received * 8 / interval_s
        if rate > self._edge.max_bitrate:
            return f"the encoder sends {rate / 1e6:.1f} Mbit/s; at most {self._edge.max_bitrate / 1e6:.1f} are taken"
        return None

    @property
    def refuses_sound(self) -> bool:
        """Whether sound in a foreign codec ends the connection, and does not only go unheard."""
        return self._edge.refuses_codecs and applies(self.key.rules)

    def say_refused(self, refused: CodecRefused) -> None:
        """Say that it is sent away for its codec."""
        if not applies(self.key.rules):
            return
        fact = self._fact("rejected")
        found = fact.input_rejected
        found.reason, found.is_refused = refused.reason, True
        if refused.track is Track.VIDEO:
            found.code, found.video_codec = UNSUPPORTED_VIDEO_CODEC, refused.codec
        else:
            found.code, found.audio_codec = UNSUPPORTED_AUDIO_CODEC, refused.codec
        say(self._edge.facts, fact)

    async def close(self, reason: str, *, is_clean: bool, timeout_s: float = CLOSE_S) -> None:
        """Write the rest and the last message, and say that the encoder is gone. Never raises."""
        self._edge.on_air.leave(self.token)
        seconds = round(self._now() - self._since, 1)
        for body in self._batcher.flush():
            self._write(body)
        self._log.info(
            "encoder disconnected", reason=reason, clean=is_clean, bytes=self.received_bytes, seconds=seconds
        )
        await self._close_log(reason, is_clean=is_clean, timeout_s=timeout_s)
        self._say_drops(self._now())
        fact = self._fact("disconnected")
        found = fact.encoder_disconnected
        found.connection, found.edge, found.protocol = self.joined.connection, self._edge.name, self.who.protocol
        found.reason, found.is_clean, found.received_bytes = reason, is_clean, self.received_bytes
        say(self._edge.facts, fact)

    async def _close_log(self, reason: str, *, is_clean: bool, timeout_s: float) -> None:
        writer = self._writer
        if writer is None:
            return
        try:
            if not await writer.close(reason, is_clean=is_clean, timeout_s=timeout_s):
                self._log.warning("the end of a connection is not in the media log", after_s=timeout_s)
        finally:
            subject = subjects.media(self.joined.shard, self.key.instance, self.joined.broadcast_id)
            if self._edge.writers.get(subject) is writer:
                del self._edge.writers[subject]

    def _note_drop(self, units: int, size: int) -> None:
        self._edge.on_drop(units)
        self._dropped_units += units
        self._dropped_bytes += size

    def _say_drops(self, now: float) -> None:
        """Say what was dropped since it was last said: drops come message by message while NATS is away."""
        units, size = self._dropped_units, self._dropped_bytes
        if not size:
            return
        self._dropped_units = self._dropped_bytes = 0
        self._drops_said += 1
        self._drops_said_at = now
        fact = self._fact(f"dropped-{self._drops_said}")
        fact.media_dropped.connection = self.joined.connection
        fact.media_dropped.units, fact.media_dropped.bytes = units, size
        say(self._edge.facts, fact)
        self._log.warning("media dropped: the log does not take it", units=units, bytes=size)

    def _fact(self, word: str) -> Fact:
        return Fact(
            id=f"{self.joined.broadcast_id}-{self.joined.connection}-{word}",
            time_us=round(self._edge.clock.now() * 1e6),
            livestream_id=self.key.livestream_id,
            broadcast_id=self.joined.broadcast_id,
            instance=self.key.instance,
        )
