"""Broadcasts, recordings and files as callers see them, out of their records. Pure."""

from collections.abc import Iterable

from headwater.internal.v1.onair_pb2 import DownloadJob
from headwater.internal.v1.records_pb2 import BroadcastRecord, MediaRecord
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.media_pb2 import Caption, Download, Media
from services.api import broadcast
from services.api.caller import tenant_of
from services.api.livestream_view import publish_time_us
from services.api.repository import Stored
from services.api.timestamps import milliseconds, timestamp
from services.api.urls import Urls

__all__ = ["Urls", "caption", "download", "media", "public_broadcast", "timestamp"]

_JOB_STATES = {
    DownloadJob.WAITING: Download.IN_PROGRESS,
    DownloadJob.RUNNING: Download.IN_PROGRESS,
    DownloadJob.READY: Download.READY,
    DownloadJob.FAILED: Download.FAILED,
}


def public_broadcast(record: BroadcastRecord, urls: Urls) -> Broadcast:
    return Broadcast(
        id=record.id,
        livestream_id=record.livestream_id,
        state=broadcast.public_state(record),
        start_time=timestamp(record.start_time_us),
        end_time=timestamp(record.end_time_us),
        end_reason=record.end_reason,
        source_instance=record.source_instance if broadcast.is_on_air(record) else "",
        source_reason=record.source_reason,
        source_time=timestamp(record.source_time_us),
        playouts=urls.playouts(record.id),
        publish_time=timestamp(publish_time_us(record)),
        history=[
            Broadcast.Event(
                time=timestamp(e.time_us), kind=e.kind, instance=e.instance, reason=e.reason, is_clean=e.is_clean
            )
            for e in record.history
        ],
    )


def media(stored: Stored[MediaRecord], jobs: Iterable[DownloadJob], urls: Urls) -> Media:
    record = stored.record
    shown = Media(
        id=record.id,
        livestream_id=record.livestream_id,
        broadcast_id=record.broadcast_id,
        state=Media.DELETED if record.delete_time_us else record.state,
        name=record.name,
        metadata=record.metadata,
        create_time=timestamp(record.create_time_us),
        update_time=timestamp(record.update_time_us or record.ready_time_us or record.create_time_us),
        ready_time=timestamp(record.ready_time_us),
        duration=milliseconds(record.duration_us // 1000) if record.duration_us else None,
        size_bytes=record.size_bytes,
        width=record.width,
        height=record.height,
        playouts=[] if record.delete_time_us else urls.playouts(record.id),
        downloads=[] if record.delete_time_us else [download(job, urls) for job in jobs],
        thumbnail_url=urls.thumbnail(record.id),
        etag=str(stored.revision),
        tenant_id=tenant_of(record),
    )
    _show_settings(shown, record)
    shown.captions.extend(caption(record, each.language, urls) for each in record.captions)
    return shown


def _show_settings(shown: Media, record: MediaRecord) -> None:
    shown.creator, shown.public_id = record.creator, record.public_id
    for field, time_us in (
        ("scheduled_delete_time", record.scheduled_delete_time_us),
        ("delete_time", record.delete_time_us),
        ("purge_time", record.purge_time_us),
    ):
        stamp = timestamp(time_us)
        if stamp is not None:
            getattr(shown, field).CopyFrom(stamp)
    shown.require_signed_urls = record.access.require_signed_urls
    shown.allowed_origins.extend(record.access.allowed_origins)
    shown.thumbnail_position = record.thumbnail_position
    shown.is_truncated = record.is_truncated
    shown.clipped_from = record.clipped_from
    shown.failure_reason = record.failure_reason


def caption(of: MediaRecord, language: str, urls: Urls) -> Caption:
    """One that the media has; StopIteration if it has none in that language."""
    record = next(each for each in of.captions if each.language == language)
    return Caption(
        language=language,
        label=label_of(language),
        url=urls.caption(of.id, language),
        size_bytes=record.size_bytes,
        update_time=timestamp(record.update_time_us),
    )


def label_of(language: str) -> str:
    """A language by its own name; its tag where that is not known."""
    return LABELS.get(language.partition("-")[0].lower(), language)


LABELS = {
    "ar": "العربية",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fi": "Suomi",
    "fr": "Français",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nl": "Nederlands",
    "no": "Norsk",
    "pl": "Polski",
    "pt": "Português",
    "ru": "Русский",
    "sv": "Svenska",
    "tr": "Türkçe",
    "uk": "Українська",
    "zh": "中文",
}
"""Languages by their own names; another one is called by its tag."""


def download(job: DownloadJob, urls: Urls) -> Download:
    is_ready = job.state == DownloadJob.READY
    return Download(
        format=Download.Format.Value(job.format),
        state=_JOB_STATES.get(job.state, Download.STATE_UNSPECIFIED),
        percent=100.0 if is_ready else job.percent,
        url=urls.download(job.media_id, job.format) if is_ready else "",
        size_bytes=job.size_bytes,
        error=job.error,
    )
