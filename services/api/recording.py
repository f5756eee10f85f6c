"""The record of one recording, made of facts and of what the log's own records say. Pure.

As with broadcasts, everything can be applied twice, late and in any order: a recording only grows towards READY.
"""

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord, MediaRecord
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.media_pb2 import Media

_ORDER = (Media.STATE_UNSPECIFIED, Media.RECORDING, Media.FINISHING, Media.FAILED, Media.READY)
"""A recording that failed may still be completed; one that is complete stays so."""


def begin(broadcast: BroadcastRecord, name: str) -> MediaRecord:
    """The recording of a broadcast that is on air or was: its id is the broadcast's."""
    return MediaRecord(
        id=broadcast.id,
        livestream_id=broadcast.livestream_id,
        broadcast_id=broadcast.id,
        state=Media.RECORDING,
        name=name,
        create_time_us=broadcast.start_time_us,
    )


def note_broadcast(record: MediaRecord, broadcast: BroadcastRecord) -> None:
    """The broadcast stands where it stands; an ended one leaves a recording to be finished."""
    record.create_time_us = broadcast.start_time_us
    if broadcast.end_time_us or broadcast.state in {Broadcast.ENDING, Broadcast.ENDED}:
        _raise_to(record, Media.FINISHING)


def note_playback(record: MediaRecord, playback: Playback) -> None:
    if playback.state == Playback.RECORDED:
        _raise_to(record, Media.READY)
        record.ready_time_us = record.ready_time_us or playback.end_time_us
        record.duration_us = playback.duration_us or record.duration_us
        record.size_bytes = playback.size_bytes or record.size_bytes


def note_fact(record: MediaRecord, fact: Fact) -> None:
    kind = fact.WhichOneof("fact")
    if kind == "recording_failed":
        _raise_to(record, Media.FAILED)
    elif kind == "recording_completed":
        done = fact.recording_completed
        _raise_to(record, Media.READY)
        record.ready_time_us = fact.time_us
        record.duration_us, record.size_bytes = done.duration_us, done.size_bytes
        record.width, record.height = done.width, done.height


def _raise_to(record: MediaRecord, state: Media.State.ValueType) -> None:
    record.state = max(record.state, state, key=_ORDER.index)
