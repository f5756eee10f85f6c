"""The record of one broadcast, made of facts and of what the log's own records say. Pure.

Every function here can be applied twice, late and in any order, and gives the same record in the end.
"""

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import OnAir, Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord, HistoryRecord
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.livestreams_pb2 import Livestream
from services.api import ingest_time
from services.api.livestream import Event, Standing, advance

HISTORY_LIMIT = 200

_BROADCAST_STATES = {
    Livestream.LIVE: Broadcast.LIVE,
    Livestream.RECEIVING: Broadcast.RECEIVING,
    Livestream.RECONNECTING: Broadcast.RECONNECTING,
    Livestream.ENDING: Broadcast.ENDING,
    Livestream.IDLE: Broadcast.ENDED,
    Livestream.FAILED: Broadcast.FAILED,
}
_LIVESTREAM_STATES = {broadcast: livestream for livestream, broadcast in _BROADCAST_STATES.items()}

KINDS = (
    "encoder_connected",
    "encoder_disconnected",
    "encoder_refused",
    "media_dropped",
    "broadcast_started",
    "source_changed",
    "media_lost",
    "media_resumed",
    "keyframes_missed",
    "broadcast_ended",
    "recording_completed",
    "recording_failed",
    "recording_deleted",
    "program_published",
    "input_rejected",
)
"""The kinds of fact that a broadcast's record is made of."""


def begin(
    broadcast: str, livestream: str, start_us: int, *, is_recorded: bool, is_gated: bool = False
) -> BroadcastRecord:
    """The record of a broadcast that an encoder has just begun."""
    record = BroadcastRecord(
        id=broadcast, livestream_id=livestream, start_time_us=start_us, is_recorded=is_recorded, is_gated=is_gated
    )
    event = Event.STARTED_GATED if is_gated else Event.STARTED
    _stand(record, advance(Standing(Livestream.IDLE, "", 0), event, start_us, "started"))
    return record


def attempt(fact: Fact) -> BroadcastRecord:
    """The record of a broadcast that never was: its encoder was refused before it began. Its id is the fact's."""
    record = BroadcastRecord(id=fact.id, livestream_id=fact.livestream_id, start_time_us=fact.time_us)
    record.end_time_us, record.end_reason = fact.time_us, fact.input_rejected.code
    _stand(record, Standing(Livestream.IDLE, record.end_reason, fact.time_us))
    return record


def is_attempt(record: BroadcastRecord) -> bool:
    return has_failed(record) and record.start_time_us == record.end_time_us


def standing_of(record: BroadcastRecord) -> Standing:
    """Where its livestream stands as long as no later broadcast has begun."""
    state = _LIVESTREAM_STATES[record.state]
    standing = Standing(state, record.state_reason, record.state_time_us)
    if state in {Livestream.ENDING, Livestream.IDLE}:
        standing = Standing(state, record.end_reason or standing.reason, record.end_time_us or standing.time_us)
    if has_failed(record):
        return advance(standing, Event.REJECTED, record.failure_time_us, record.failure_reason)
    return standing


def has_failed(record: BroadcastRecord) -> bool:
    """Whether its encoder was refused and no picture has come, whichever was heard first."""
    return bool(record.failure_reason) and not record.source_time_us


def public_state(record: BroadcastRecord) -> Broadcast.State.ValueType:
    return _BROADCAST_STATES[standing_of(record).state]


def is_on_air(record: BroadcastRecord) -> bool:
    return record.state in {Broadcast.LIVE, Broadcast.RECEIVING, Broadcast.RECONNECTING}


def is_kept_back(record: BroadcastRecord) -> bool:
    """Whether nobody may see it yet; what ends so has nothing to keep."""
    return record.is_gated and not record.publish_time_us


def keeps(record: BroadcastRecord) -> bool:
    """Whether there is, or will be, a recording of it."""
    return record.is_recorded and not is_kept_back(record)


def move(record: BroadcastRecord, event: Event, at_us: int, reason: str) -> None:
    """Let the transition table decide what an event does."""
    standing = Standing(_LIVESTREAM_STATES[record.state], record.state_reason, record.state_time_us)
    _stand(record, advance(standing, event, at_us, reason))


def note_on_air(record: BroadcastRecord, on_air: OnAir) -> None:
    """The key `onair` names this broadcast."""
    _note_gate(record, is_gated=on_air.rules.is_gated)
    if on_air.end_reason:
        move(record, Event.END_ORDERED, record.state_time_us, on_air.end_reason)
        record.end_reason = record.end_reason or on_air.end_reason


def note_playback(record: BroadcastRecord, playback: Playback) -> None:
    """What packager and archiver say for origins holds for the record, too."""
    if playback.start_time_us:
        record.start_time_us = playback.start_time_us
        record.is_recorded = playback.is_recorded
    _note_gate(record, is_gated=playback.is_gated)
    if playback.publish_time_us:
        _note_published(record, playback.publish_time_us)
    if playback.state in {Playback.LIVE, Playback.STATE_UNSPECIFIED}:
        return
    _note_end(record, playback.end_time_us, "")
    if playback.state == Playback.GONE:
        record.is_media_deleted = record.is_recorded
    if playback.state in {Playback.RECORDED, Playback.GONE}:
        move(record, Event.RECORDED, playback.end_time_us, "")


def note_fact(record: BroadcastRecord, fact: Fact) -> None:
    """Something has happened to this broadcast."""
    kind = fact.WhichOneof("fact") or ""
    if kind in {"encoder_connected", "encoder_disconnected"}:
        _note_encoder(record, fact, is_connected=kind == "encoder_connected")
    elif kind == "source_changed":
        _note_source(record, fact)
    elif kind == "media_lost":
        move(record, Event.LOST, fact.time_us, fact.media_lost.reason)
    elif kind == "media_resumed":
        event = Event.RESUMED_GATED if is_kept_back(record) else Event.RESUMED
        move(record, event, fact.time_us, "resumed")
    elif kind == "program_published":
        _note_gate(record, is_gated=True)
        _note_published(record, fact.program_published.publish_time_us or fact.time_us)
    elif kind == "input_rejected":
        _note_rejected(record, fact)
    else:
        _note_lasting(record, fact, kind)
    ingest_time.note_program(record, fact)
    _remember(record, fact, kind)


def _note_lasting(record: BroadcastRecord, fact: Fact, kind: str) -> None:
    if kind == "broadcast_started":
        record.start_time_us = fact.broadcast_started.start_time_us or record.start_time_us
        record.is_recorded = fact.broadcast_started.record
        if record.end_time_us:
            _note_end(record, 0, "")  # heard late: now it is known whether a recording follows
    elif kind == "broadcast_ended":
        _note_end(record, fact.broadcast_ended.end_time_us or fact.time_us, fact.broadcast_ended.reason)
    elif kind in {"recording_completed", "recording_failed"}:
        move(record, Event.RECORDED, fact.time_us, "")
    elif kind == "recording_deleted":
        record.is_media_deleted = True
        move(record, Event.RECORDED, fact.time_us, "")


def _note_end(record: BroadcastRecord, end_us: int, reason: str) -> None:
    record.end_time_us = record.end_time_us or end_us
    record.end_reason = reason or record.end_reason
    event = Event.ENDED if keeps(record) else Event.ENDED_UNRECORDED
    move(record, event, record.end_time_us, record.end_reason)


def _note_gate(record: BroadcastRecord, *, is_gated: bool) -> None:
    """That it is kept back may be heard after its beginning: no transition, it was so from the start."""
    record.is_gated = record.is_gated or is_gated
    if is_kept_back(record) and record.state == Broadcast.LIVE:
        record.state = Broadcast.RECEIVING


def _note_published(record: BroadcastRecord, publish_us: int) -> None:
    record.publish_time_us = publish_us
    reason = "published" if publish_us >= record.state_time_us else record.state_reason
    move(record, Event.PUBLISHED, max(publish_us, record.state_time_us), reason)


def _note_rejected(record: BroadcastRecord, fact: Fact) -> None:
    is_first = not record.failure_time_us or fact.time_us < record.failure_time_us
    if fact.input_rejected.is_refused and is_first:
        record.failure_reason, record.failure_time_us = fact.input_rejected.code, fact.time_us


def _note_encoder(record: BroadcastRecord, fact: Fact, *, is_connected: bool) -> None:
    said = fact.encoder_connected if is_connected else fact.encoder_disconnected
    known = record.encoders[fact.instance]
    if said.connection > known.connection:
        known.connection, known.is_connected = said.connection, is_connected
    elif said.connection == known.connection and not is_connected:
        known.is_connected = False


def _note_source(record: BroadcastRecord, fact: Fact) -> None:
    if fact.time_us >= record.source_time_us:
        record.source_instance = fact.instance
        record.source_reason = fact.source_changed.reason
        record.source_time_us = fact.time_us


def _remember(record: BroadcastRecord, fact: Fact, kind: str) -> None:
    if any(event.fact_id == fact.id for event in record.history):
        return
    said = getattr(fact, kind)
    event = HistoryRecord(
        fact_id=fact.id,
        time_us=fact.time_us,
        kind=kind.replace("_", "."),
        instance=fact.instance,
        reason=str(getattr(said, "code", "") or getattr(said, "reason", "")),
        is_clean=bool(getattr(said, "is_clean", False)),
    )
    history = sorted([*record.history, event], key=lambda event: (event.time_us, event.fact_id))
    ingest_time.give_up(record, history[:-HISTORY_LIMIT])
    del record.history[:]
    record.history.extend(history[-HISTORY_LIMIT:])


def _stand(record: BroadcastRecord, standing: Standing) -> None:
    record.state = _BROADCAST_STATES[standing.state]
    record.state_time_us = standing.time_us
    record.state_reason = standing.reason
