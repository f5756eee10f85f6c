"""RealtimeKit's status webhook."""

import itertools

import pytest
from hypothesis import given
from hypothesis.strategies import sampled_from

from headwater.v1.livestreams_pb2 import Livestream
from headwater.v1.webhooks_pb2 import Webhook
from services.api.webhooks.formats.realtimekit import status_after
from tests.api.webhooks.scenes import LIVESTREAM, fact
from tests.api.webhooks.telling import told_fact, told_state

STATES = [name for name in Livestream.State.keys() if name != "STATE_UNSPECIFIED"]  # noqa: SIM118  no mapping


def test_realtimekit_body_has_an_empty_stream_key() -> None:
    """The documents' fields; the one that is a secret is empty."""
    assert told_state(Webhook.REALTIMEKIT, "IDLE", "LIVE") == (
        "livestreaming.statusUpdate",
        {
            "event": "livestreaming.statusUpdate",
            "streamId": "66be4bf7-3879-7e01-e1fc-a35a7bdecdcd",
            "status": "LIVE",
            "manualIngest": True,
            "playbackUrl": f"http://live.example:8088/{LIVESTREAM}/manifest/video.m3u8",
            "ingestServer": "rtmp://live.example:1935/live/",
            "streamKey": "",
            "meeting": {},
        },
    )
    assert told_fact(Webhook.REALTIMEKIT, fact("encoder_connected")) is None


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["IDLE", "LIVE", "RECONNECTING", "LIVE", "ENDING", "IDLE"], ["LIVE", "OFFLINE", "IDLE"]),
        (["IDLE", "ACTIVE", "LIVE", "IDLE"], ["IDLE", "LIVE", "OFFLINE"]),
        (["IDLE", "ACTIVE", "IDLE"], ["IDLE"]),
        (["IDLE", "RECEIVING", "LIVE", "DISABLED", "IDLE"], ["LIVE", "OFFLINE", "IDLE"]),
        (["IDLE", "LIVE", "ENDING", "FINISHED"], ["LIVE", "OFFLINE"]),
    ],
)
def test_realtimekit_knows_three_statuses(states: list[str], said: list[str]) -> None:
    """A gap within the window is still LIVE; waiting is IDLE; the end is OFFLINE."""
    statuses = [status_after(old, new) for old, new in itertools.pairwise(states)]

    assert [status for status in statuses if status] == said


@given(sampled_from(STATES), sampled_from(STATES))
def test_realtimekit_says_one_of_its_words_or_nothing(old: str, new: str) -> None:
    """Whatever the states are."""
    assert status_after(old, new) in {"LIVE", "OFFLINE", "IDLE", None}
