"""A broadcast's life in the words of all four vocabularies, out of what ingest, packager and archiver say."""

import time
from dataclasses import dataclass, field
from functools import partial
from operator import eq
from typing import Any

import pytest

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
from tests.api.running import Others, Rest, until
from tests.api.stories import SECOND_US, START_US, fact
from tests.api.test_chronicle import on_air, playback

pytestmark = pytest.mark.connected

STREAM = "/cloudflare/client/v4/accounts/default/stream/live_inputs"
KIT = "/cloudflare/client/v4/accounts/default/realtime/kit/default/livestreams"
Words = tuple[str, str | None, str, str]
"""Cloudinary's, Stream's, RealtimeKit's, Streamdiver's."""

CREATED: Words = ("idle", None, "INVOKED", "created")
ARMED: Words = ("active", None, "INVOKED", "started")
CONNECTED: Words = ("active", "connected", "LIVE", "live")
GAP: Words = ("active", "reconnecting", "LIVE", "live")
BACK: Words = ("active", "reconnected", "LIVE", "live")


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


def ended(stream: str) -> tuple[Words, Words]:
    """A broadcast that is over, and then its recording is complete."""
    return ("idle", stream, "IDLE", "converting"), ("idle", stream, "IDLE", "created")


Story = list[tuple[str, Words]]
CLEAN, CUT, ORDERED = ended("client_disconnect"), ended("failed_to_reconnect"), ended("ttl_exceeded")
BEGINNING: Story = [("", CREATED), ("connect", CONNECTED)]
DISABLED: Words = ("idle", "ttl_exceeded", "IDLE", "created")
REFUSED: Words = ("idle", "failed_to_connect", "ERRORED", "created")

STORIES: dict[str, Story] = {
    "clean": [
        *(("", CREATED), ("activate", ARMED), ("connect", CONNECTED), ("say_goodbye", GAP)),
        *(
            ("run_out", CLEAN[0]),
            ("archive", CLEAN[1]),
            ("activate", ("active", "client_disconnect", "INVOKED", "started")),
        ),
    ],
    "never fed": [("", CREATED), ("activate", ARMED), ("idle", CREATED)],
    "cut and back": [
        *(*BEGINNING, ("leave", GAP), ("come_back", BACK), ("leave", GAP), ("come_back", BACK)),
        *(("say_goodbye", GAP), ("run_out", CLEAN[0]), ("archive", CLEAN[1])),
    ],
    "cut for good": [*BEGINNING, ("leave", GAP), ("run_out", CUT[0]), ("archive", CUT[1])],
    "run-time limit": [*BEGINNING, ("reach_limit", ORDERED[0]), ("archive", ORDERED[1])],
    "order": [*BEGINNING, ("idle", ORDERED[0]), ("obey", ORDERED[0]), ("archive", ORDERED[1])],
    "complete": [*BEGINNING, ("complete", ORDERED[0]), ("obey", ORDERED[0]), ("archive", ORDERED[1])],
    "rotated key": [*BEGINNING, ("rotateKeys", ORDERED[0]), ("obey", ORDERED[0]), ("archive", ORDERED[1])],
    "disabled": [
        *(*BEGINNING, ("disable", DISABLED), ("obey", DISABLED), ("archive", DISABLED)),
        ("enable", ORDERED[1]),
    ],
    "disabled afterwards": [
        *(*BEGINNING, ("say_goodbye", GAP), ("run_out", CLEAN[0]), ("archive", CLEAN[1])),
        ("disable", ("idle", "client_disconnect", "IDLE", "created")),
    ],
    "refused": [
        ("", CREATED),
        ("be_refused", REFUSED),
        ("activate", ("active", "failed_to_connect", "INVOKED", "started")),
    ],
}
ONCE: Story = [
    *(("", CREATED), ("activate", ARMED), ("connect_gated", ("active", "connected", "LIVE", "started"))),
    *(
        ("leave", ("active", "reconnecting", "LIVE", "started")),
        ("come_back", ("active", "reconnected", "LIVE", "started")),
    ),
    *(("publish", BACK), ("leave", GAP), ("come_back", BACK), ("idle", ORDERED[0]), ("obey", ORDERED[0])),
    ("archive", ("idle", "ttl_exceeded", "IDLE", "finished")),
]
"""What Streamdiver's own livestreams go through: kept back until they are published, and used once."""


def tell(life: Life, story: Story) -> None:
    for step, words in story:
        life.do(step)
        until(life.words, partial(eq, words))


@pytest.mark.parametrize("name", STORIES)
def test_broadcast_has_its_words_at_each_step(name: str, rest: Rest, others: Others) -> None:
    """Whatever happens to it, all four agree on it, each in its own word."""
    livestream = rest.call("POST", "/v1/livestreams", {"name": name})["id"]

    tell(Life(rest, others, livestream), STORIES[name])


def test_livestream_made_for_one_broadcast_has_its_words_at_each_step(rest: Rest, others: Others) -> None:
    """Only Streamdiver has a word for what is kept back, and for what is used up."""
    made = rest.post("/streamdiver/v2/livestreams", json={"name": "once"}).json()["data"]["id"]

    tell(Life(rest, others, made.replace("-", "")), ONCE)


def test_history_tells_each_word_once_and_what_was_changed_on_air(rest: Rest, others: Others) -> None:
    """Two broadcasts: who left the first without a word is not taken for who said goodbye to the second."""
    livestream = rest.call("POST", "/v1/livestreams", {})["id"]
    tell(Life(rest, others, livestream, ago_s=3600), STORIES["cut for good"])
    rest.call("PATCH", f"/v1/livestreams/{livestream}", {"name": "changed off air"})
    second = Life(rest, others, livestream)
    second.connect()
    until(second.words, lambda found: found == CONNECTED)
    rest.call("PATCH", f"/v1/livestreams/{livestream}", {"name": "changed on air"})
    tell(second, [("say_goodbye", GAP), ("run_out", CLEAN[0]), ("archive", CLEAN[1])])

    detail = rest.get(f"{STREAM}/{livestream}").json()["result"]["statusDetail"]

    said = [each["state"] for each in detail["history"]]
    assert detail["current"]["state"] == "client_disconnect"
    assert [word for word in said if word != "new_configuration_accepted"] == [
        *("client_disconnect", "reconnecting", "connected"),
        *("failed_to_reconnect", "reconnecting", "connected"),
    ]
    assert said.count("new_configuration_accepted") == 1
