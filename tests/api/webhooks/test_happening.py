"""Facts become native events, each once."""

import pytest

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.webhooks_pb2 import SaidStateRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api.telling import CLIP_FAILED, CLIP_READY
from services.api.webhooks.happening import EVENTS, Happening, delivery_id, happenings, media_of, ping
from tests.api.webhooks.scenes import BROADCAST, fact

IDLE = SaidStateRecord(state=Livestream.IDLE)


def _of(said: Fact) -> list[Happening]:
    return happenings(said, IDLE, IDLE, "")


@pytest.mark.parametrize(
    ("said", "event", "details"),
    [
        (
            fact("encoder_connected", protocol="rtmp", encoder="OBS", remote_address="10.1.1.1"),
            "livestream.connected",
            {"instance": "primary", "protocol": "rtmp", "encoder": "OBS"},
        ),
        (
            fact("encoder_disconnected", protocol="rtmp", reason="left", is_clean=True),
            "livestream.disconnected",
            {"instance": "primary", "protocol": "rtmp", "reason": "left", "isClean": True},
        ),
        (
            fact("encoder_refused", reason="it is disabled"),
            "livestream.errored",
            {"instance": "primary", "code": "ERR_REFUSED", "reason": "it is disabled", "isRefused": True},
        ),
        (
            fact("input_rejected", code="ERR_GOP_OUT_OF_RANGE", reason="12 s", video_codec="h264", audio_codec="aac"),
            "livestream.errored",
            {
                "instance": "primary",
                "code": "ERR_GOP_OUT_OF_RANGE",
                "reason": "12 s",
                "isRefused": False,
                "videoCodec": "h264",
                "audioCodec": "aac",
            },
        ),
        (fact("broadcast_started", record=True), "media.created", {}),
        (fact("recording_completed"), "media.ready", {}),
        (fact("recording_failed", reason="a hole"), "media.failed", {"reason": "a hole"}),
        (fact("media_changed", change="created"), "media.created", {}),
        (
            fact("media_changed", change="updated", fields=["name", "allowed_origins"]),
            "media.updated",
            {"changed": ["name", "allowedOrigins"]},
        ),
        (fact("media_changed", change="deleted", is_permanent=True), "media.deleted", {"isPermanent": True}),
        (fact("media_changed", change="restored"), "media.restored", {}),
    ],
)
def test_fact_is_told_as_an_event(said: Fact, event: str, details: dict[str, object]) -> None:
    """Each kind of fact that webhooks know has one event, with what it says and no address of anybody."""
    (told,) = _of(said)

    assert (told.event, told.details) == (event, details)
    assert told.event in EVENTS


@pytest.mark.parametrize(
    "said",
    [
        fact("broadcast_started", record=False),
        fact("media_changed", change="looked at"),
        fact("livestream_changed", change="updated"),
        fact("media_lost"),
    ],
)
def test_other_facts_say_nothing_by_themselves(said: Fact) -> None:
    """A broadcast that is not recorded has no media, and settings are no events."""
    assert _of(said) == []


def test_changed_state_is_told_with_old_and_new() -> None:
    """Beside whatever else the fact says."""
    live = SaidStateRecord(state=Livestream.LIVE, broadcast_id=BROADCAST)

    created, state = happenings(fact("broadcast_started", record=True), IDLE, live, "started")

    assert (created.event, state.event) == ("media.created", "livestream.state")
    assert state.details == {"old": "IDLE", "new": "LIVE", "reason": "started"}
    assert state.broadcast_id == BROADCAST


def test_delivery_of_the_same_happening_has_the_same_id() -> None:
    """Twice is once; another webhook, event or fact is another delivery."""
    (one,) = _of(fact("encoder_connected"))
    (again,) = _of(fact("encoder_connected"))
    (other,) = _of(fact("encoder_connected", id_="a" * 32))
    (gone,) = _of(fact("encoder_disconnected"))

    assert delivery_id("w", one) == delivery_id("w", again)
    assert len({delivery_id("w", one), delivery_id("v", one), delivery_id("w", other), delivery_id("w", gone)}) == 4
    assert len(delivery_id("w", one)) == 32


def test_media_begins_and_is_ready_once_whoever_says_so() -> None:
    """The packager's and api's word for the same media make one delivery."""
    (packager,) = _of(fact("broadcast_started", record=True))
    (api,) = _of(fact("media_changed", id_="b" * 32, broadcast="", change="created", media_id=BROADCAST))
    (first,) = _of(fact("recording_completed"))
    (second,) = _of(fact("recording_completed", id_="c" * 32))

    assert delivery_id("w", packager) == delivery_id("w", api)
    assert delivery_id("w", first) == delivery_id("w", second)
    assert media_of(fact("media_changed", media_id="m")) == "m"


def test_clip_is_created_and_then_ready_or_failed() -> None:
    """Who waits for what can be watched hears of it as of a recording, though only api says so."""
    clip = "d" * 32
    made = fact("media_changed", change="created", media_id=clip)
    ready = fact("media_changed", change="updated", media_id=clip, fields=list(CLIP_READY))
    failed = fact("media_changed", change="updated", media_id=clip, fields=list(CLIP_FAILED))
    renamed = fact("media_changed", change="updated", media_id=clip, fields=["name"])
    recording = fact("media_changed", change="updated", media_id=BROADCAST, fields=list(CLIP_READY))

    assert [each.event for each in _of(made)] == ["media.created"]
    assert [each.event for each in _of(ready)] == ["media.updated", "media.ready"]
    assert [each.event for each in _of(failed)] == ["media.updated", "media.failed"]
    assert [each.event for each in _of(renamed)] == [each.event for each in _of(recording)] == ["media.updated"]


def test_ping_is_about_nothing() -> None:
    """It has a name and a time, and no livestream."""
    assert ping("k", 5) == Happening("ping", "k", 5)
