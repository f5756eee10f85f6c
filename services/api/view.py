"""Public messages out of records. Pure.

Where a livestream stands is not kept but seen: in its newest broadcast, or else in when it was last activated.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from headwater.internal.v1.onair_pb2 import DownloadJob
from headwater.internal.v1.records_pb2 import BroadcastRecord, InputKey, LivestreamRecord, MediaRecord, TokenRecord
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.livestreams_pb2 import Input, Livestream, Playout
from headwater.v1.media_pb2 import Download, Media
from headwater.v1.tokens_pb2 import Token
from services.api import broadcast
from services.api.livestream import Standing, resting
from services.api.repository import Stored

_JOB_STATES = {
    DownloadJob.WAITING: Download.IN_PROGRESS,
    DownloadJob.RUNNING: Download.IN_PROGRESS,
    DownloadJob.READY: Download.READY,
    DownloadJob.FAILED: Download.FAILED,
}

OpenKey = Callable[[InputKey], str]
"""Unseals a stream key."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where encoders push to and viewers watch, without a slash at the end."""

    rtmp: str
    playback: str

    def playouts(self, of: str) -> list[Playout]:
        """The playback URLs of a livestream, a broadcast or a media."""
        return [Playout(protocol="hls", url=f"{self.playback}/{of}/index.m3u8")]


def standing_of(record: LivestreamRecord, newest: BroadcastRecord | None, now_us: int) -> Standing:
    """Where a livestream stands now."""
    if newest is not None and (broadcast.is_on_air(newest) or record.armed_time_us <= newest.start_time_us):
        return broadcast.standing_of(newest)
    window_us = record.rules.reconnect_window_ms * 1000
    return resting(record.create_time_us, record.armed_time_us, window_us, now_us)


def livestream(
    stored: Stored[LivestreamRecord],
    newest: BroadcastRecord | None,
    *,
    urls: Urls,
    now_us: int,
    open_key: OpenKey | None,
) -> Livestream:
    """`open_key` is None for those who may not see stream keys."""
    record = stored.record
    standing = standing_of(record, newest, now_us)
    on_air = newest if newest is not None and broadcast.is_on_air(newest) else None
    return Livestream(
        id=record.id,
        name=record.name,
        metadata=record.metadata,
        state=standing.state,
        create_time=timestamp(record.create_time_us),
        update_time=timestamp(record.update_time_us),
        state_time=timestamp(standing.time_us),
        state_reason=standing.reason,
        inputs=[_input(key, on_air, urls, open_key) for key in record.input_keys],
        playouts=urls.playouts(record.id),
        reconnect_window=_milliseconds(record.rules.reconnect_window_ms),
        fail_back=record.rules.fail_back,
        record=record.rules.record,
        broadcast_id=newest.id if newest else "",
        source_instance=on_air.source_instance if on_air else "",
        etag=str(stored.revision),
    )


def _input(key: InputKey, on_air: BroadcastRecord | None, urls: Urls, open_key: OpenKey | None) -> Input:
    is_connected = (
        on_air is not None
        and on_air.state == Broadcast.LIVE
        and key.instance in on_air.encoders  # looking up alone would add it
        and on_air.encoders[key.instance].is_connected
    )
    shown = Input(instance=key.instance, protocol="rtmp", url=urls.rtmp, is_connected=is_connected)
    if open_key is not None:
        shown.stream_key = open_key(key)
    return shown


def public_broadcast(record: BroadcastRecord, urls: Urls) -> Broadcast:
    return Broadcast(
        id=record.id,
        livestream_id=record.livestream_id,
        state=record.state,
        start_time=timestamp(record.start_time_us),
        end_time=timestamp(record.end_time_us),
        end_reason=record.end_reason,
        source_instance=record.source_instance if broadcast.is_on_air(record) else "",
        source_reason=record.source_reason,
        source_time=timestamp(record.source_time_us),
        playouts=urls.playouts(record.id),
        history=[
            Broadcast.Event(time=timestamp(e.time_us), kind=e.kind, instance=e.instance, reason=e.reason)
            for e in record.history
        ],
    )


def media(stored: Stored[MediaRecord], jobs: Iterable[DownloadJob], urls: Urls) -> Media:
    record = stored.record
    return Media(
        id=record.id,
        livestream_id=record.livestream_id,
        broadcast_id=record.broadcast_id,
        state=record.state,
        name=record.name,
        metadata=record.metadata,
        create_time=timestamp(record.create_time_us),
        ready_time=timestamp(record.ready_time_us),
        duration=_milliseconds(record.duration_us // 1000) if record.duration_us else None,
        size_bytes=record.size_bytes,
        width=record.width,
        height=record.height,
        playouts=urls.playouts(record.id),
        downloads=[download(job, urls) for job in jobs],
        etag=str(stored.revision),
    )


def download(job: DownloadJob, urls: Urls) -> Download:
    is_ready = job.state == DownloadJob.READY
    return Download(
        format=Download.Format.Value(job.format),
        state=_JOB_STATES.get(job.state, Download.STATE_UNSPECIFIED),
        percent=100.0 if is_ready else job.percent,
        url=f"{urls.playback}/{job.media_id}/download/{job.format.lower()}" if is_ready else "",
        size_bytes=job.size_bytes,
        error=job.error,
    )


def token(record: TokenRecord) -> Token:
    """Without its secret, which nobody has any more."""
    return Token(id=record.id, name=record.name, scope=record.scope, create_time=timestamp(record.create_time_us))


def timestamp(time_us: int) -> Timestamp | None:
    """None for 0: it has not happened."""
    if not time_us:
        return None
    stamp = Timestamp()
    stamp.FromMicroseconds(time_us)
    return stamp


def _milliseconds(span_ms: int) -> Duration:
    span = Duration()
    span.FromMilliseconds(span_ms)
    return span
