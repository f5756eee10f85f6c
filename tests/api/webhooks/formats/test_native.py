"""Headwater's own events, as receivers get them."""

from headwater.v1.webhooks_pb2 import Webhook
from tests.api.webhooks.scenes import BROADCAST, LIVESTREAM, fact
from tests.api.webhooks.telling import told_fact, told_state


def test_native_body_is_an_envelope_with_data() -> None:
    """Who, when and about what stand in the same place in every event."""
    assert told_fact(Webhook.NATIVE, fact("encoder_connected", protocol="rtmp", encoder="OBS")) == (
        "livestream.connected",
        {
            "id": "d" * 32,
            "type": "livestream.connected",
            "time": "2022-01-13T11:43:41.855717Z",
            "webhookId": "e" * 32,
            "tenantId": "acme",
            "livestreamId": LIVESTREAM,
            "broadcastId": BROADCAST,
            "data": {
                "instance": "primary",
                "protocol": "rtmp",
                "encoder": "OBS",
                "livestream": {"id": LIVESTREAM, "name": "one", "metadata": {"k": "v"}, "creator": "me"},
            },
        },
    )


def test_native_media_is_as_the_api_shows_it() -> None:
    """ProtoJSON: 64-bit numbers are strings, durations end in s."""
    event, body = told_fact(Webhook.NATIVE, fact("recording_completed")) or ("", {})

    assert (event, body["mediaId"]) == ("media.ready", BROADCAST)
    shown = body["data"]["media"]
    assert (shown["state"], shown["duration"], shown["sizeBytes"]) == ("READY", "5.500s", "383631")
    assert shown["playouts"] == [{"protocol": "hls", "url": f"http://live.example:8088/{BROADCAST}/index.m3u8"}]


def test_native_state_has_old_and_new() -> None:
    """With the reason."""
    event, body = told_state(Webhook.NATIVE, "LIVE", "RECONNECTING") or ("", {})

    assert event == "livestream.state"
    assert {name: body["data"][name] for name in ("old", "new", "reason")} == {
        "old": "LIVE",
        "new": "RECONNECTING",
        "reason": "why",
    }
