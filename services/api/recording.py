"""The record of one recording, made of facts and of what the log's own records say. Pure.

As with broadcasts, everything can be applied twice, late and in any order: a recording only grows towards READY.
"""

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord, MediaRecord
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.media_pb2 import Media
from headwater.v1.outputs_pb2 import Output
from services.api import output

_ORDER = (Media.STATE_UNSPECIFIED, Media.RECORDING, Media.FINISHING, Media.FAILED, Media.READY)
"""A recording that failed may still be completed; one that is complete stays so."""


DAY_US = 86_400_000_000


def begin(broadcast: BroadcastRecord, livestream: LivestreamRecord | None) -> MediaRecord:
    """The recording of a broadcast that is on air or was: its id is the broadcast's.

    What the livestream says of recordings now is copied; what it says later is for later broadcasts.
    """
    record = MediaRecord(
        id=broadcast.id,
        livestream_id=broadcast.livestream_id,
        broadcast_id=broadcast.id,
        state=Media.RECORDING,
        create_time_us=broadcast.publish_time_us or broadcast.start_time_us,
        tenant_id=broadcast.tenant_id,
        app_id=broadcast.app_id,
    )
    if livestream is not None:
        record.name, record.creator = livestream.name, livestream.creator
        record.access.CopyFrom(livestream.recording)
        archive = output.output_of(livestream, Output.ARCHIVE)
        record.public_id = archive.public_id if archive is not None else ""
    return record


def note_broadcast(record: MediaRecord, broadcast: BroadcastRecord) -> None:
    """The broadcast stands where it stands; an ended one leaves a recording to be finished."""
    record.create_time_us = broadcast.publish_time_us or broadcast.start_time_us
    if broadcast.end_time_us or broadcast.state in {Broadcast.ENDING, Broadcast.ENDED}:
        _raise_to(record, Media.FINISHING)


def note_playback(record: MediaRecord, playback: Playback) -> None:
    record.is_truncated = record.is_truncated or playback.is_truncated
    if playback.state == Playback.RECORDED:
        _raise_to(record, Media.READY)
        _note_ready(record, record.ready_time_us or playback.end_time_us)
        record.duration_us = playback.duration_us or record.duration_us
        record.size_bytes = playback.size_bytes or record.size_bytes


def is_settled(record: MediaRecord | None, broadcast: BroadcastRecord, playback: Playback) -> bool:
    """Whether `playback` can have nothing to say that the two records do not: they are as it left them."""
    said = (playback.start_time_us, playback.publish_time_us, playback.is_recorded, playback.is_gated)
    known = (broadcast.start_time_us, broadcast.publish_time_us, broadcast.is_recorded, broadcast.is_gated)
    if broadcast.state != Broadcast.ENDED or not broadcast.end_time_us or said != known:
        return False
    if record is None or broadcast.is_media_deleted:
        return playback.state == Playback.GONE and record is None and broadcast.is_media_deleted
    measured = (playback.state, playback.duration_us, playback.size_bytes, playback.is_truncated)
    kept = (Playback.RECORDED, record.duration_us, record.size_bytes, record.is_truncated)
    begun_us = broadcast.publish_time_us or broadcast.start_time_us
    is_complete = record.state == Media.READY and bool(record.ready_time_us) and record.create_time_us == begun_us
    return is_complete and measured == kept


def note_fact(record: MediaRecord, fact: Fact) -> None:
    kind = fact.WhichOneof("fact")
    if kind == "recording_failed":
        _raise_to(record, Media.FAILED)
        record.failure_reason = fact.recording_failed.reason
    elif kind == "recording_completed":
        done = fact.recording_completed
        _raise_to(record, Media.READY)
        _note_ready(record, fact.time_us)
        record.duration_us, record.size_bytes = done.duration_us, done.size_bytes
        record.width, record.height = done.width, done.height


def _note_ready(record: MediaRecord, ready_us: int) -> None:
    """Its days are counted from here; who has set a time of his own keeps it."""
    if not record.ready_time_us and record.access.retention_days and not record.scheduled_delete_time_us:
        record.scheduled_delete_time_us = ready_us + record.access.retention_days * DAY_US
    record.ready_time_us = ready_us


def _raise_to(record: MediaRecord, state: Media.State.ValueType) -> None:
    record.state = max(record.state, state, key=_ORDER.index)
