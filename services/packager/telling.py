"""The facts a packager says of its broadcasts, each under an id that whoever says it again would give it, too."""

from headwater.internal.v1.cmaf_pb2 import End, State
from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import Playback
from services.common.bus.facts import FactPublisher
from services.common.facts import say
from services.common.ids import digest
from services.common.log import get_logger
from services.packager.counts import Counts
from services.packager.program.kept_back import KeptBack
from services.packager.program.program import Program
from services.packager.program.saying import put_out_us

_log = get_logger(__name__)


class Teller:
    """Says what happens to one program, on the bus and in the log."""

    def __init__(self, facts: FactPublisher, counts: Counts) -> None:
        self._facts = facts
        self._counts = counts
        self._lost = 0

    def tell(self, program: Program | KeptBack) -> None:
        """Say what has happened since the last time."""
        while program.facts:
            fact = program.facts.popleft()
            self._note(fact)
            self._say(fact)
        lost = sum(instance.order.lost for instance in program.instances.values())
        if lost > self._lost:
            self._counts.lost.inc(lost - self._lost)
            _log.warning("media is missing in the log", messages=lost - self._lost)
            self._lost = lost

    def tell_again(self, state: State) -> None:
        """Say what the log says last of the source: whoever wrote that may have died before he said it."""
        if state.publish_time_us:
            self.tell_published(state)
        if state.source_reason:
            fact = _fact_of(state, state.source_time_us)
            fact.source_changed.connection, fact.source_changed.reason = state.source.connection, state.source_reason
            self._say(fact)
        if state.lost_since_us:
            fact = _fact_of(state, state.lost_since_us)
            fact.program_us = put_out_us(state)
            fact.media_lost.reason = "closed" if state.source.is_closed else "silent"
            fact.media_lost.window_ends_us = state.lost_since_us + state.rules.reconnect_window_ms * 1000
            self._say(fact)

    def tell_published(self, state: State) -> None:
        """Say that viewers see the program from here on."""
        fact = _fact_of(state, state.publish_time_us)
        # Whatever it is made of by the time an heir says it again.
        fact.id, fact.instance = f"{state.broadcast_id}-published", ""
        fact.program_published.publish_time_us = state.publish_time_us
        say(self._facts, fact)

    def _note(self, fact: Fact) -> None:
        match fact.WhichOneof("fact"):
            case "source_changed":
                changed = fact.source_changed
                self._counts.switched(fact.instance, changed.reason)
                _log.info("on air", instance=fact.instance, connection=changed.connection, reason=changed.reason)
            case "media_lost":
                _log.info("no media", instance=fact.instance, reason=fact.media_lost.reason)
            case "media_resumed":
                _log.info("media again", instance=fact.instance)
            case "input_rejected":
                _log.warning("the encoder breaks a rule", instance=fact.instance, reason=fact.input_rejected.reason)
            case "keyframes_missed":
                _log.warning("no key frame within the target duration", msn=fact.keyframes_missed.msn)

    def _say(self, fact: Fact) -> None:
        # A function of the log: an heir that comes to the same fact says the same id.
        kind = f"{fact.WhichOneof('fact')}{fact.input_rejected.code}"
        fact.id = digest(f"{fact.broadcast_id}.{kind}.{fact.time_us}.{fact.instance}")[:32]
        say(self._facts, fact)


def started_fact(record: Playback) -> Fact:
    """The fact that a broadcast has begun; the same each time it is made."""
    fact = _fact(record, record.start_time_us, "started")
    fact.broadcast_started.start_time_us = record.start_time_us
    fact.broadcast_started.shard = record.shard
    fact.broadcast_started.record = record.is_recorded
    fact.broadcast_started.store_prefix = record.store_prefix
    return fact


def ended_fact(record: Playback, end: End, state: State, segment_count: int) -> Fact:
    """The fact that a broadcast has ended; the same each time it is made."""
    fact = _fact(record, end.time_us, "ended")
    fact.program_us = put_out_us(state)
    fact.broadcast_ended.reason = end.reason
    fact.broadcast_ended.end_time_us = end.time_us
    fact.broadcast_ended.segment_count = segment_count
    return fact


def _fact(record: Playback, time_us: int, word: str) -> Fact:
    return Fact(
        id=f"{record.broadcast_id}-{word}",
        time_us=time_us,
        livestream_id=record.livestream_id,
        broadcast_id=record.broadcast_id,
    )


def _fact_of(state: State, time_us: int) -> Fact:
    return Fact(
        time_us=time_us,
        livestream_id=state.livestream_id,
        broadcast_id=state.broadcast_id,
        instance=state.source.instance,
    )
