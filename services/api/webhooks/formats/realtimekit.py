"""Cloudflare RealtimeKit's (and Dyte's) webhook of livestreams. Pure.

Receivers check the signature over `JSON.stringify` of what they have parsed, so a body holds no number that JavaScript
would write in another way, and no spaces.
"""

from typing import Any

from services.api.webhooks.formats.spelling import dashed
from services.api.webhooks.happening import PING, STATE, Happening, Letter, Scene

UPDATE = "livestreaming.statusUpdate"

NAMES = (
    UPDATE,
    "ping",
    # Of meetings, which are composed elsewhere: they can be asked for and are never said.
    "meeting.started",
    "meeting.ended",
    "meeting.participantJoined",
    "meeting.participantLeft",
    "meeting.chatSynced",
    "meeting.transcript",
    "meeting.summary",
    "recording.statusUpdate",
)

_ON_AIR = {"LIVE", "RECONNECTING"}


def say(happening: Happening, scene: Scene, _letter: Letter) -> tuple[str, dict[str, Any]] | None:
    """The status, whenever it becomes another. The stream key is never in it."""
    if happening.event == PING:
        return "ping", {"event": "ping"}
    if happening.event != STATE:
        return None
    status = status_after(happening.details["old"], happening.details["new"])
    if status is None:
        return None
    return UPDATE, {
        "event": UPDATE,
        "streamId": dashed(happening.livestream_id),
        "status": status,
        "manualIngest": True,
        "playbackUrl": f"{scene.urls.playback}/{happening.livestream_id}/manifest/video.m3u8",
        "ingestServer": f"{scene.urls.rtmp}/",
        "streamKey": "",
        "meeting": {},
    }


def status_after(old: str, new: str) -> str | None:
    """LIVE with the first picture that viewers get, OFFLINE when the broadcast has ended, IDLE when it waits for one.

    A gap within the reconnect window is LIVE; None: nothing new is to be said.
    """
    if new in _ON_AIR:
        return None if old in _ON_AIR else "LIVE"
    if new == "RECEIVING":
        return None
    if old in _ON_AIR:
        return "OFFLINE"
    if new in {"ACTIVE", "IDLE"} and old != "ACTIVE":
        return "IDLE"
    return None
