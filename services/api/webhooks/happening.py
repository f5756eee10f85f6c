"""What has happened, in our own words, out of a fact and what api knows around it. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.records_pb2 import LivestreamRecord, MediaRecord
from headwater.internal.v1.webhooks_pb2 import SaidStateRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api.urls import Urls

CONNECTED = "livestream.connected"
DISCONNECTED = "livestream.disconnected"
ERRORED = "livestream.errored"
STATE = "livestream.state"
MEDIA_CREATED = "media.created"
MEDIA_UPDATED = "media.updated"
MEDIA_DELETED = "media.deleted"
MEDIA_RESTORED = "media.restored"
MEDIA_READY = "media.ready"
MEDIA_FAILED = "media.failed"
PING = "ping"

EVENTS = (
    CONNECTED,
    DISCONNECTED,
    ERRORED,
    STATE,
    MEDIA_CREATED,
    MEDIA_UPDATED,
    MEDIA_DELETED,
    MEDIA_RESTORED,
    MEDIA_READY,
    MEDIA_FAILED,
    PING,
)
"""All native events."""

KINDS = (
    "encoder_connected",
    "encoder_disconnected",
    "encoder_refused",
    "input_rejected",
    "broadcast_started",
    "recording_completed",
    "recording_failed",
    "media_changed",
    "livestream_changed",
)
"""The kinds of fact that webhooks tell of, beside those that only move a state."""

REFUSED = "ERR_REFUSED"
"""The code of an encoder that was refused for another reason than what it sends."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One native event. `key` names it: a happening told twice has the same, whichever fact tells it."""

    event: str
    key: str
    time_us: int
    livestream_id: str = ""
    broadcast_id: str = ""
    media_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """What api knows of the things that a happening is about."""

    tenant_id: str
    urls: Urls
    livestream: LivestreamRecord | None = None
    media: MediaRecord | None = None

    @property
    def app_id(self) -> str:
        """The app it happened in; empty: the one of livestreams made without one."""
        return (self.livestream.app_id if self.livestream else "") or (self.media.app_id if self.media else "")


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom it is told, and under which id."""

    delivery_id: str
    webhook_id: str
    webhook_name: str


def delivery_id(webhook_id: str, happening: Happening) -> str:
    """The same for the same happening and webhook, so that making the delivery twice makes one."""
    return hashlib.sha256(f"{webhook_id}/{happening.event}/{happening.key}".encode()).hexdigest()[:32]


def media_of(fact: Fact) -> str:
    """The id of the media that a fact is about: a broadcast's media has the broadcast's id."""
    if fact.WhichOneof("fact") == "media_changed":
        return fact.media_changed.media_id or fact.broadcast_id
    return fact.broadcast_id


def happenings(fact: Fact, before: SaidStateRecord, after: SaidStateRecord, reason: str) -> list[Happening]:
    """What a fact says to webhooks; `before` and `after` are the livestream's state around it, moved for `reason`."""
    kind = fact.WhichOneof("fact") or ""
    found = []
    if kind in {"encoder_connected", "encoder_disconnected", "encoder_refused", "input_rejected"}:
        found.append(_of_input(fact, kind))
    if kind == "media_changed":
        found.extend(_of_media_change(fact))
    if kind == "broadcast_started" and fact.broadcast_started.record:
        found.append(_of_media(fact, MEDIA_CREATED))
    if kind == "recording_completed":
        found.append(_of_media(fact, MEDIA_READY))
    if kind == "recording_failed":
        found.append(_of_media(fact, MEDIA_FAILED, reason=fact.recording_failed.reason))
    if before.state != after.state:
        found.append(_of_state(fact, before, after, reason))
    return found


def ping(key: str, time_us: int) -> Happening:
    return Happening(PING, key, time_us)


def _of_input(fact: Fact, kind: str) -> Happening:
    details: dict[str, Any] = {"instance": fact.instance}
    event = ERRORED
    if kind == "encoder_connected":
        event, connected = CONNECTED, fact.encoder_connected
        details |= {"protocol": connected.protocol, "encoder": connected.encoder}
    elif kind == "encoder_disconnected":
        event, gone = DISCONNECTED, fact.encoder_disconnected
        details |= {"protocol": gone.protocol, "reason": gone.reason, "isClean": gone.is_clean}
    elif kind == "encoder_refused":
        details |= {"code": REFUSED, "reason": fact.encoder_refused.reason, "isRefused": True}
    else:
        said = fact.input_rejected
        details |= {"code": said.code, "reason": said.reason, "isRefused": said.is_refused}
        details |= {"videoCodec": said.video_codec, "audioCodec": said.audio_codec}
    return Happening(event, fact.id, fact.time_us, fact.livestream_id, fact.broadcast_id, details=details)


def _of_media(fact: Fact, event: str, **details: Any) -> Happening:
    """A media begins, is ready or has failed once in its life, whoever says so."""
    media = media_of(fact)
    return Happening(event, media, fact.time_us, fact.livestream_id, fact.broadcast_id, media, details)


def _of_media_change(fact: Fact) -> list[Happening]:
    said = fact.media_changed
    if said.change == "created":
        return [_of_media(fact, MEDIA_CREATED), *_of_clip(fact)]
    event = {"updated": MEDIA_UPDATED, "deleted": MEDIA_DELETED, "restored": MEDIA_RESTORED}.get(said.change)
    if event is None:
        return []
    details: dict[str, Any] = {}
    if event == MEDIA_UPDATED:
        details["changed"] = [_camel(path) for path in said.fields]
    if event == MEDIA_DELETED:
        details["isPermanent"] = said.is_permanent
    media = media_of(fact)
    changed = Happening(event, fact.id, fact.time_us, fact.livestream_id, fact.broadcast_id, media, details)
    return [changed, *_of_clip(fact)]


def _of_clip(fact: Fact) -> list[Happening]:
    """What becomes of a clip nobody but api says; of a recording the archiver does."""
    said = fact.media_changed
    if media_of(fact) == fact.broadcast_id:
        return []
    if "ready_time" in said.fields:
        return [_of_media(fact, MEDIA_READY)]
    return [_of_media(fact, MEDIA_FAILED)] if "failure_reason" in said.fields else []


def _of_state(fact: Fact, before: SaidStateRecord, after: SaidStateRecord, reason: str) -> Happening:
    details = {
        "old": Livestream.State.Name(before.state),
        "new": Livestream.State.Name(after.state),
        "reason": reason,
    }
    return Happening(STATE, fact.id, fact.time_us, fact.livestream_id, after.broadcast_id, details=details)


def _camel(path: str) -> str:
    first, *rest = path.split("_")
    return first + "".join(part.capitalize() for part in rest)
