"""Cloudflare Stream's webhook of recordings."""

from headwater.v1.media_pb2 import Media
from headwater.v1.webhooks_pb2 import Webhook
from tests.api.webhooks.scenes import BROADCAST, LIVESTREAM, fact, media, scene
from tests.api.webhooks.telling import told_fact


def test_stream_body_is_the_whole_video() -> None:
    """All fields of the product's video, with the state ready."""
    event, body = told_fact(Webhook.STREAM, fact("recording_completed")) or ("", {})

    assert event == "ready"
    assert (body["uid"], body["liveInput"], body["readyToStream"]) == (BROADCAST, LIVESTREAM, True)
    assert body["status"] == {
        "state": "ready",
        "pctComplete": "100.000000",
        "errReasonCode": "",
        "errReasonText": "",
    }
    assert (body["duration"], body["size"], body["input"]) == (5.5, 383631, {"width": 320, "height": 240})
    assert body["playback"]["hls"] == f"http://live.example:8088/{BROADCAST}/manifest/video.m3u8"
    assert body["meta"] == {"name": "small.mp4"}
    assert set(body) >= {"uid", "creator", "thumbnail", "thumbnailTimestampPct", "readyToStreamAt", "status", "meta"}
    assert set(body) >= {"created", "modified", "scheduledDeletion", "size", "preview", "allowedOrigins", "uploaded"}
    assert set(body) >= {"requireSignedURLs", "uploadExpiry", "maxDurationSeconds", "watermark", "clippedFrom"}


def test_stream_tells_of_a_failed_recording() -> None:
    """State error, with the reason in words; nothing known is -1."""
    failed = scene(media=media(state=Media.FAILED, width=0, height=0, duration_us=0))

    event, body = told_fact(Webhook.STREAM, fact("recording_failed", reason="a hole"), failed) or ("", {})

    assert (event, body["status"]["state"], body["status"]["errReasonCode"]) == ("error", "error", "ERR_UNKNOWN")
    assert (body["status"]["errReasonText"], body["readyToStream"]) == ("a hole", False)
    assert (body["duration"], body["input"]) == (-1, {"width": -1, "height": -1})
    assert told_fact(Webhook.STREAM, fact("encoder_connected")) is None
