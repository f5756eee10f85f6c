"""Headwater's own events. Pure."""

from typing import Any

from google.protobuf.json_format import MessageToDict

from headwater.internal.v1.records_pb2 import LivestreamRecord, MediaRecord
from headwater.v1.livestreams_pb2 import Playout
from headwater.v1.media_pb2 import Media
from services.api.timestamps import timestamp
from services.api.webhooks.formats.spelling import moment, watch_url
from services.api.webhooks.happening import EVENTS, Happening, Letter, Scene

Body = dict[str, Any]

NAMES = EVENTS


def say(happening: Happening, scene: Scene, letter: Letter) -> tuple[str, Body] | None:
    """The name of the event and the body: an envelope that is always the same, and `data`."""
    body: Body = {
        "id": letter.delivery_id,
        "type": happening.event,
        "time": moment(happening.time_us),
        "webhookId": letter.webhook_id,
        "tenantId": scene.tenant_id,
        "livestreamId": happening.livestream_id,
        "broadcastId": happening.broadcast_id,
        "mediaId": happening.media_id,
        "data": dict(happening.details),
    }
    if scene.livestream is not None:
        body["data"]["livestream"] = _livestream(scene.livestream)
    if happening.media_id and scene.media is not None:
        body["data"]["media"] = _media(scene.media, watch_url(scene, happening.media_id))
    return happening.event, {name: value for name, value in body.items() if value != ""}


def _livestream(record: LivestreamRecord) -> Body:
    return {"id": record.id, "name": record.name, "metadata": dict(record.metadata), "creator": record.creator}


def _media(record: MediaRecord, url: str) -> Body:
    """As GET /v1/media/{id} has it, without what changes by the minute."""
    shown = Media(
        id=record.id,
        livestream_id=record.livestream_id,
        broadcast_id=record.broadcast_id,
        state=record.state,
        name=record.name,
        metadata=record.metadata,
        creator=record.creator,
        public_id=record.public_id,
        create_time=timestamp(record.create_time_us),
        ready_time=timestamp(record.ready_time_us),
        size_bytes=record.size_bytes,
        width=record.width,
        height=record.height,
        playouts=[Playout(protocol="hls", url=url)],
        failure_reason=record.failure_reason,
    )
    if record.duration_us:
        shown.duration.FromMilliseconds(record.duration_us // 1000)
    return MessageToDict(shown)
