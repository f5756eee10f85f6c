"""A livestream's life, out of what ingest, packager and archiver say; and its words in all four vocabularies."""

import time
from dataclasses import dataclass, field
from typing import Any

from headwater.internal.v1.facts_pb2 import (
    BroadcastEnded,
    BroadcastStarted,
    EncoderConnected,
    EncoderDisconnected,
    InputRejected,
    MediaLost,
    MediaResumed,
    ProgramPublished,
    RecordingCompleted,
    SourceChanged,
)
from headwater.internal.v1.onair_pb2 import OnAir, Playback
from services.common.ids import new_id
from tests.api.running import Others, Rest
from tests.api.stories import SECOND_US, START_US, fact
from tests.api.test_chronicle import on_air, playback

STREAM = "/cloudflare/client/v4/accounts/default/stream/live_inputs"
KIT = "/cloudflare/client/v4/accounts/default/realtime/kit/default/livestreams"
Words = tuple[str, str | None, str, str]
"""Cloudinary's, Stream's, RealtimeKit's, Streamdiver's."""


@dataclass
class Life:
    """One livestream, and what happens to it."""

    rest: Rest
    others: Others
    livestream: str
    broadcast: str = field(default_factory=new_id)
    began_us: int = field(default_factory=lambda: time.time_ns() // 1000 - 10 * SECOND_US)
    ago_s: int = 0
    second: int = 0
    connection: int = 1

    def words(self) -> Words:
        one = self.livestream
        return (
            self.rest.get(f"/cloudinary/v2/video/default/live_streams/{one}").json()["data"]["status"],
            self.rest.get(f"{STREAM}/{one}").json()["result"]["status"],
            self.rest.get(f"{KIT}/{one}").json()["data"]["livestream"]["status"],
            self.rest.get(f"/streamdiver/v2/livestreams/{one}").json()["data"]["status"],
        )

    def say(self, instance: str = "", **what: Any) -> None:
        self.second += 1
        at = (self.began_us - START_US) / SECOND_US + self.second
        broadcast = "" if "input_rejected" in what else self.broadcast
        self.others.say(fact(at, instance, broadcast=broadcast, livestream=self.livestream, **what))

    def do(self, step: str) -> None:
        """What another program does and says, or else a verb of the native API."""
        if hasattr(self, step):
            getattr(self, step)()
        elif step:
            self.rest.call("POST", f"/v1/livestreams/{self.livestream}:{step}", {})

    def connect(self, *, is_gated: bool = False) -> None:
        self.began_us = time.time_ns() // 1000 - self.ago_s * SECOND_US
        now, shown = on_air(self.broadcast), playback(self.livestream, self.broadcast, Playback.LIVE)
        now.rules.is_gated = shown.is_gated = is_gated
        now.start_time_us = shown.start_time_us = self.began_us
        self.others.put("playback", self.broadcast, shown)
        self.others.put("onair", self.livestream, now)
        self.say("primary", encoder_connected=EncoderConnected(connection=self.connection, protocol="rtmp"))
        self.say(broadcast_started=BroadcastStarted(start_time_us=self.began_us, record=True))
        self.say("primary", source_changed=SourceChanged(connection=self.connection, reason="started"))

    def connect_gated(self) -> None:
        self.connect(is_gated=True)

    def publish(self) -> None:
        self.say(program_published=ProgramPublished(publish_time_us=self.began_us + SECOND_US))

    def leave(self, *, is_clean: bool = False) -> None:
        gone = EncoderDisconnected(connection=self.connection, reason="closed", is_clean=is_clean)
        self.say("primary", encoder_disconnected=gone)
        self.say(media_lost=MediaLost(reason="closed"))

    def say_goodbye(self) -> None:
        self.leave(is_clean=True)

    def come_back(self) -> None:
        self.connection += 1
        self.say("primary", encoder_connected=EncoderConnected(connection=self.connection, protocol="rtmp"))
        self.say(media_resumed=MediaResumed(connection=self.connection))

    def end(self, reason: str) -> None:
        self.others.remove("onair", self.livestream)
        self.say(broadcast_ended=BroadcastEnded(reason=reason, end_time_us=self.began_us + 60 * SECOND_US))

    def run_out(self) -> None:
        self.end("reconnect-window")

    def reach_limit(self) -> None:
        self.end("run-time")

    def obey(self) -> None:
        """What packager does when it finds an order to end."""
        found = OnAir.FromString(self.others.get("onair", self.livestream) or b"")
        assert found.end_reason
        self.end(found.end_reason)

    def archive(self) -> None:
        self.second = 61
        self.say(recording_completed=RecordingCompleted(segment_count=4, duration_us=8 * SECOND_US))

    def be_refused(self) -> None:
        self.say("primary", input_rejected=InputRejected(code="ERR_UNSUPPORTED_VIDEO_CODEC", is_refused=True))
