"""What many years leave behind: livestreams, broadcasts, recordings, and all that the programs keep of them. Pure.

Everything follows from the numbers, so that two runs measure the same. Records are as the programs themselves would
have left them, so that nothing has to be put right when a program starts on them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from headwater.internal.v1.facts_pb2 import (
    BroadcastEnded,
    BroadcastStarted,
    EncoderConnected,
    EncoderDisconnected,
    Fact,
    MediaLost,
    RecordingCompleted,
    SourceChanged,
)
from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from headwater.internal.v1.records_pb2 import AppRecord, BroadcastRecord, LivestreamRecord, MediaRecord
from headwater.internal.v1.webhooks_pb2 import SaidStateRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api import broadcast, output, recording
from services.api.key_rules import wanted_key
from services.api.livestream_fields import fresh
from services.api.protecting.policy import policy_of_livestream, policy_of_media
from services.api.protocol_keys import ProtocolKeys
from services.api.stream_keys import StreamKeys
from services.common import subjects
from services.common.ids import digest

FIRST_US = 1_640_995_200_000_000
"""2022-01-01."""
SPAN_US = 4 * 365 * 86_400_000_000
APPS = tuple(digest(f"app {number}")[:32] for number in range(1, 5))
CREATORS = 40
FAVOURITE_EACH = 20
"""The first livestream is a camera that never rests: each so-many-th recording is its."""

_MINUTE_US = 60_000_000
_TOPICS = ("Morning", "Evening", "Harbour", "Council", "Chess", "Choir", "Derby", "Sunday", "Market", "Campus")
_KINDS = ("show", "meeting", "service", "camera", "lecture", "match", "concert")


class Item(NamedTuple):
    """A key of a bucket."""

    bucket: str
    key: str
    value: bytes


@dataclass(frozen=True)
class Estate:
    """So many livestreams with so many recordings among them, `now_us` being today."""

    livestreams: int
    media: int
    now_us: int

    def livestream_id(self, number: int) -> str:
        return digest(f"livestream {number}")[:32]

    def media_id(self, number: int) -> str:
        """The broadcast's, too."""
        return digest(f"media {number}")[:32]

    def owner(self, number: int) -> int:
        """Which livestream a recording is of."""
        return 0 if number % FAVOURITE_EACH == 0 else number % self.livestreams

    def start_us(self, number: int) -> int:
        """When a broadcast began."""
        return FIRST_US + SPAN_US * (number + 1) // (self.media + 1)

    def items(self, keys: StreamKeys, protocol_keys: ProtocolKeys) -> Iterator[Item]:
        """All keys of all buckets."""
        for place, app in enumerate(APPS):
            record = AppRecord(id=app, tenant_id="default", name=f"app {place}", create_time_us=FIRST_US)
            yield Item(subjects.APPS, f"default.{app}", record.SerializeToString())
        newest: dict[int, int] = {}
        for number in range(self.media):
            newest[self.owner(number)] = number
            yield from self._recorded(number)
        for number in range(self.livestreams):
            yield from self._sent_to(self.livestream(number, keys, protocol_keys), newest.get(number))

    def livestream(self, number: int, keys: StreamKeys, protocol_keys: ProtocolKeys) -> LivestreamRecord:
        record = self.plain_livestream(number)
        record.input_keys.extend(keys.mint(record.id))
        record.credentials.extend(protocol_keys.mint(record.id))
        return record

    def plain_livestream(self, number: int) -> LivestreamRecord:
        """Without its keys."""
        record = fresh(FIRST_US + SPAN_US * number // (self.livestreams + 1))
        record.id, record.tenant_id = self.livestream_id(number), "default"
        record.app_id = APPS[number % 10] if number % 10 < len(APPS) else "default"
        record.name = f"{_TOPICS[number % len(_TOPICS)]} {_KINDS[number % len(_KINDS)]} {number}"
        record.creator = f"creator-{number % CREATORS}" if number % 3 else ""
        record.metadata["room"] = str(number % 17)
        record.rules.tenant_id, record.is_disabled = "default", number % 25 == 7
        record.start = Livestream.MANUAL if number % 10 == 3 else Livestream.AUTOMATIC
        made = [output.default_output(record.id, kind, record.create_time_us) for kind in output.LASTING]
        output.put_outputs(record, made)
        change = record.history.add(kind="created", time_us=record.create_time_us, token_id="admin")
        change.fact_id = digest(f"created {number}")[:32]
        return record

    def broadcast(self, number: int) -> BroadcastRecord:
        """One of six lengths, with all that was noted of it."""
        record = BroadcastRecord()
        minutes = 10 + 20 * (number % 6)
        record.CopyFrom(_broadcast(minutes))
        start_us, owner = self.start_us(number), _plain(self, self.owner(number))
        record.id, record.livestream_id = self.media_id(number), owner.id
        record.tenant_id, record.app_id = "default", owner.app_id
        record.start_time_us, record.end_time_us = start_us, start_us + minutes * _MINUTE_US
        record.state_time_us, record.source_time_us = start_us + record.state_time_us, start_us + record.source_time_us
        record.viewer_ms, record.is_viewing_final = 1000 * (number % 5000), True
        for place, event in enumerate(record.history):
            event.time_us += start_us
            event.fact_id = f"{record.id[:24]}{place:08x}"
        return record

    def playback(self, number: int, of: BroadcastRecord) -> Playback:
        return Playback(
            livestream_id=of.livestream_id,
            broadcast_id=of.id,
            store_prefix=f"{of.id}-{digest(of.id)[:32]}",
            state=Playback.RECORDED,
            start_time_us=of.start_time_us,
            end_time_us=of.end_time_us,
            is_recorded=True,
            tenant_id="default",
            segment_count=(of.end_time_us - of.start_time_us) // 2_000_000,
            size_bytes=(of.end_time_us - of.start_time_us) // 2,
            duration_us=of.end_time_us - of.start_time_us,
            is_withheld=number % 100 == 13,
        )

    def recording(self, number: int, of: BroadcastRecord, playback: Playback) -> MediaRecord:
        """Some were renamed since, and some are deleted and can be restored."""
        record = recording.begin(of, _plain(self, self.owner(number)))
        record.public_id = ""
        recording.note_broadcast(record, of)
        recording.note_playback(record, playback)
        record.ready_time_us += 2_000_000
        record.width, record.height = 1920, 1080
        if number % 10 == 4:
            record.name, record.update_time_us = f"Best of {record.name}", record.ready_time_us + number * 1_000_003
        if playback.is_withheld:
            record.delete_time_us = record.update_time_us = self.now_us - number * 1_000
            record.purge_time_us = self.now_us + 30 * 86_400_000_000
        return record

    def _recorded(self, number: int) -> Iterator[Item]:
        of = self.broadcast(number)
        playback = self.playback(number, of)
        media = self.recording(number, of, playback)
        yield Item(subjects.BROADCASTS, of.id, of.SerializeToString())
        yield Item(subjects.MEDIA, of.id, media.SerializeToString())
        yield Item(subjects.PLAYBACK, of.id, playback.SerializeToString())
        yield Item(subjects.POLICIES, of.id, policy_of_media(media).SerializeToString())
        if number % 20 == 5:
            job = DownloadJob(media_id=of.id, format="MP4", state=DownloadJob.READY, percent=100.0, size_bytes=1 << 28)
            job.order_time_us = media.ready_time_us
            yield Item(subjects.JOBS, f"{of.id}.MP4", job.SerializeToString())

    def _sent_to(self, record: LivestreamRecord, number: int | None) -> Iterator[Item]:
        newest = None if number is None else self.broadcast(number)
        yield Item(subjects.LIVESTREAMS, record.id, record.SerializeToString())
        yield Item(subjects.POLICIES, record.id, policy_of_livestream(record).SerializeToString())
        for key in record.input_keys:
            wanted = wanted_key(record, key.instance, newest, self.now_us)
            yield Item(subjects.KEYS, key.digest, wanted.SerializeToString())
        if number is not None and newest is not None:
            yield Item(subjects.PLAYBACK, record.id, self.playback(number, newest).SerializeToString())
            said = SaidStateRecord(state=Livestream.IDLE, time_us=newest.end_time_us, broadcast_id=newest.id)
            yield Item(subjects.WEBHOOK_STATES, record.id, said.SerializeToString())


@cache
def _plain(estate: Estate, number: int) -> LivestreamRecord:
    return estate.plain_livestream(number)


@cache
def _broadcast(minutes: int) -> BroadcastRecord:
    """What a broadcast's record has become by the facts of a quiet one; times count from its start."""
    record, end_us = broadcast.begin("", "", 0, is_recorded=True), minutes * _MINUTE_US
    for fact in _facts(end_us):
        broadcast.note_fact(record, fact)
    return record


def _facts(end_us: int) -> Iterator[Fact]:
    first, ready = "primary", end_us + 2_000_000
    yield Fact(id="1", time_us=100_000, instance=first, encoder_connected=EncoderConnected(connection=7))
    yield Fact(id="2", time_us=200_000, broadcast_started=BroadcastStarted(record=True))
    yield Fact(id="3", time_us=1_000_000, instance=first, source_changed=SourceChanged(reason="started"))
    gone = EncoderDisconnected(connection=7, reason="closed", is_clean=True)
    yield Fact(id="4", time_us=end_us - 900_000, instance=first, encoder_disconnected=gone)
    yield Fact(id="5", time_us=end_us - 500_000, media_lost=MediaLost())
    yield Fact(id="6", time_us=end_us, broadcast_ended=BroadcastEnded(end_time_us=end_us, reason="reconnect-window"))
    yield Fact(id="7", time_us=ready, recording_completed=RecordingCompleted(duration_us=end_us))
