"""Streamdiver's webhooks of media. Pure.

Its documents name the events and what comes with them, and show no body; this one is ours (docs/webhooks.md).
"""

from typing import Any

from headwater.v1.media_pb2 import Media
from services.api.webhooks.formats.spelling import dashed, moment
from services.api.webhooks.happening import (
    MEDIA_CREATED,
    MEDIA_DELETED,
    MEDIA_READY,
    MEDIA_RESTORED,
    MEDIA_UPDATED,
    PING,
    Happening,
    Letter,
    Scene,
)

NAMES = (MEDIA_CREATED, MEDIA_UPDATED, MEDIA_DELETED, MEDIA_RESTORED, PING)


def say(happening: Happening, scene: Scene, letter: Letter) -> tuple[str, dict[str, Any]] | None:
    """A media is created there when the recording is complete: before, there is only the livestream."""
    event = _event(happening, scene)
    if event is None:
        return None
    body: dict[str, Any] = {
        "id": dashed(letter.delivery_id),
        "event": event,
        "createdAtUtc": moment(happening.time_us),
    }
    if event == PING:
        return event, body
    body["mediaId"] = dashed(happening.media_id)
    body["livestreamId"] = dashed(happening.livestream_id)
    if event == MEDIA_UPDATED:
        body["changedProperties"] = list(happening.details["changed"])
    if event == MEDIA_DELETED:
        body["permanent"] = bool(happening.details["isPermanent"])
    return event, body


def _event(happening: Happening, scene: Scene) -> str | None:
    if happening.event == MEDIA_READY:
        return MEDIA_CREATED
    if happening.event == MEDIA_CREATED and scene.media is not None and scene.media.state != Media.READY:
        return None
    return happening.event if happening.event in NAMES else None
