"""Cloudflare Stream's webhook of recordings: the whole video, when it is ready or has failed. Pure."""

from typing import Any

from headwater.internal.v1.records_pb2 import MediaRecord
from services.api.urls import Urls
from services.api.webhooks.formats.spelling import moment, moment_or_none
from services.api.webhooks.happening import MEDIA_FAILED, MEDIA_READY, PING, Happening, Letter, Scene

NAMES = ("ready", "error", "ping")

_US = 1_000_000


def say(happening: Happening, scene: Scene, _letter: Letter) -> tuple[str, dict[str, Any]] | None:
    """`ready` and `error` are the states that the video then has; a ping has no video."""
    if happening.event == PING:
        return "ping", {"event": "ping", "ts": happening.time_us // _US}
    event = {MEDIA_READY: "ready", MEDIA_FAILED: "error"}.get(happening.event)
    if event is None or scene.media is None:
        return None
    return event, video(scene.media, scene.urls, event, str(happening.details.get("reason", "")))


def video(record: MediaRecord, urls: Urls, state: str, failure: str) -> dict[str, Any]:
    """The product's video object; its webhooks write `errReasonCode` where its API writes `errorReasonCode`."""
    at = f"{urls.playback}/{record.id}"
    is_ready = state == "ready"
    return {
        "uid": record.id,
        "creator": record.creator or None,
        "thumbnail": f"{at}/thumbnails/thumbnail.jpg",
        "thumbnailTimestampPct": record.thumbnail_position,
        "readyToStream": is_ready,
        "readyToStreamAt": moment_or_none(record.ready_time_us),
        "status": {
            "state": state,
            "pctComplete": "100.000000" if is_ready else "0.000000",
            "errReasonCode": "" if is_ready else "ERR_UNKNOWN",
            "errReasonText": "" if is_ready else failure or record.failure_reason,
        },
        "meta": {"name": record.name, **record.metadata},
        "created": moment(record.create_time_us),
        "modified": moment(record.update_time_us or record.ready_time_us or record.create_time_us),
        "uploaded": moment(record.create_time_us),
        "uploadExpiry": None,
        "scheduledDeletion": moment_or_none(record.scheduled_delete_time_us),
        "size": record.size_bytes,
        "preview": f"{at}/watch",
        "allowedOrigins": list(record.access.allowed_origins),
        "requireSignedURLs": record.access.require_signed_urls,
        "maxSizeBytes": None,
        "maxDurationSeconds": None,
        "duration": record.duration_us / _US if record.duration_us else -1,
        "input": {"width": record.width or -1, "height": record.height or -1},
        "playback": {"hls": f"{at}/manifest/video.m3u8", "dash": f"{at}/manifest/video.mpd"},
        "watermark": None,
        "clippedFrom": record.clipped_from or None,
        "liveInput": record.livestream_id,
    }
