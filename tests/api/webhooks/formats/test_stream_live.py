"""Cloudflare Stream's notifications of live inputs, against the sample in its documents."""

import pytest

from headwater.v1.webhooks_pb2 import Webhook
from tests.api.webhooks.scenes import LIVESTREAM, fact
from tests.api.webhooks.telling import told_fact


def test_stream_live_body_is_the_documents_sample() -> None:
    """Keys, words and the text for people."""
    assert told_fact(Webhook.STREAM_LIVE, fact("encoder_disconnected")) == (
        "live_input.disconnected",
        {
            "name": "Live Webhook Test",
            "text": "Notification type: Stream Live Input\n"
            f"Input ID: {LIVESTREAM}\n"
            "Event type: live_input.disconnected\n"
            "Updated at: 2022-01-13T11:43:41.855717Z",
            "data": {
                "notification_name": "Stream Live Input",
                "input_id": LIVESTREAM,
                "event_type": "live_input.disconnected",
                "updated_at": "2022-01-13T11:43:41.855717Z",
            },
            "ts": 1642074221,
        },
    )


@pytest.mark.parametrize(
    "code",
    [
        "ERR_GOP_OUT_OF_RANGE",
        "ERR_UNSUPPORTED_VIDEO_CODEC",
        "ERR_UNSUPPORTED_AUDIO_CODEC",
        "ERR_STORAGE_QUOTA_EXHAUSTED",
    ],
)
def test_stream_live_error_has_code_message_and_codecs(code: str) -> None:
    """One of the four codes."""
    event, body = told_fact(Webhook.STREAM_LIVE, fact("input_rejected", code=code, video_codec="hevc")) or ("", {})
    errored = body["data"]["live_input_errored"]

    assert event == "live_input.errored"
    assert errored == {
        "error": {"code": code, "message": errored["error"]["message"]},
        "video_codec": "hevc",
        "audio_codec": "",
    }
    assert errored["error"]["message"]
    assert f"Error code: {code}\n" in body["text"]


def test_stream_live_knows_no_other_error() -> None:
    """An encoder that was refused for another reason is no event there."""
    assert told_fact(Webhook.STREAM_LIVE, fact("encoder_refused", reason="disabled")) is None
    assert told_fact(Webhook.STREAM_LIVE, fact("recording_completed")) is None
