"""Facts and records as the tests tell them."""

from typing import Any

from headwater.internal.v1.facts_pb2 import (
    BroadcastEnded,
    BroadcastStarted,
    EncoderConnected,
    EncoderDisconnected,
    Fact,
    MediaLost,
    MediaResumed,
    RecordingCompleted,
    SourceChanged,
)
from services.common.ids import digest

LIVESTREAM = "a" * 32
BROADCAST = "b" * 32
START_US = 1_700_000_000_000_000
SECOND_US = 1_000_000


def fact(
    second: float, instance: str = "", *, broadcast: str = BROADCAST, livestream: str = LIVESTREAM, **what: Any
) -> Fact:
    """A fact `second` seconds after the start; the same words make the same fact."""
    kind = next(iter(what))
    name = digest(f"{broadcast}{kind}{second}{instance}")[:32]
    time_us = START_US + round(second * SECOND_US)
    return Fact(id=name, time_us=time_us, livestream_id=livestream, broadcast_id=broadcast, instance=instance, **what)


def broadcast_facts(**where: str) -> list[Fact]:
    """A whole broadcast: an encoder goes, comes back, and stays away for good."""
    ended = BroadcastEnded(reason="reconnect-window", end_time_us=START_US + 90 * SECOND_US, segment_count=40)
    done = RecordingCompleted(
        segment_count=40, size_bytes=5_000_000, duration_us=80 * SECOND_US, width=1280, height=720
    )
    return [
        fact(0, "primary", encoder_connected=EncoderConnected(connection=7, protocol="rtmp"), **where),
        fact(1, broadcast_started=BroadcastStarted(start_time_us=START_US, record=True), **where),
        fact(2, "primary", source_changed=SourceChanged(connection=7, reason="started"), **where),
        fact(30, "primary", encoder_disconnected=EncoderDisconnected(connection=7, reason="closed"), **where),
        fact(31, media_lost=MediaLost(reason="closed"), **where),
        fact(40, "primary", encoder_connected=EncoderConnected(connection=9, protocol="rtmp"), **where),
        fact(41, media_resumed=MediaResumed(connection=9), **where),
        fact(42, "primary", source_changed=SourceChanged(connection=9, reason="reconnected"), **where),
        fact(60, "primary", encoder_disconnected=EncoderDisconnected(connection=9, reason="closed"), **where),
        fact(61, media_lost=MediaLost(reason="closed"), **where),
        fact(90, broadcast_ended=ended, **where),
        fact(92, recording_completed=done, **where),
    ]
