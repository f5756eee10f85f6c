"""Streamdiver's livestreams."""

import uuid
from typing import Literal

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from pydantic import BaseModel, Field

from headwater.v1 import livestreams_pb2 as pb
from services.api.dialects.endpoint import Answer, Endpoint, Exchange
from services.api.dialects.streamdiver.envelope import PageQuery, Paging, dashed, order_by, success, utc
from services.common.errors import AppError, Kind

DEFAULT_CHANNEL = str(uuid.uuid5(uuid.NAMESPACE_URL, "headwater:channel:default"))
"""Everything is in a channel there; we have no channels, and keep and show what is sent."""
CHANNELS = "streamdiver.channelIds"
"""Under this name in the livestream's metadata."""
MAX_IMAGE = 10 << 20

_STATES = {
    pb.Livestream.ACTIVE: "started",
    pb.Livestream.RECEIVING: "started",
    pb.Livestream.LIVE: "live",
    pb.Livestream.ENDING: "converting",
    pb.Livestream.FINISHED: "finished",
}
_SORTED = {"name": "name", "createdAtUtc": "create_time", "updatedAtUtc": "update_time"}


class LivestreamCreate(BaseModel):
    """A new livestream: it waits for start, then for publish, and is used once."""

    name: str = Field(min_length=1, max_length=256)
    channelIds: list[uuid.UUID] = Field(default_factory=list, max_length=50)  # noqa: N815  their name
    source: Literal["rtmp"] = "rtmp"
    withDvr: bool = True  # noqa: N815  their name


class LivestreamUpdate(BaseModel):
    """What may be changed of it; null is as if it were left out."""

    name: str | None = Field(default=None, min_length=1, max_length=256)
    channelIds: list[uuid.UUID] | None = Field(default=None, max_length=50)  # noqa: N815  their name
    withDvr: bool | None = None  # noqa: N815  their name


class Input(BaseModel):
    """Where an encoder sends to; there are none before start."""

    source: str
    url: str
    primary: bool


class Playout(BaseModel):
    """Where viewers watch."""

    type: str
    url: str


class Livestream(BaseModel):
    """A livestream as it is shown."""

    id: str
    name: str
    channelIds: list[str]  # noqa: N815  their name
    source: str
    withDvr: bool  # noqa: N815  their name
    status: Literal["created", "started", "live", "converting", "finished"]
    inputs: list[Input]
    playouts: list[Playout]
    mediaId: str | None  # noqa: N815  their name
    createdAtUtc: str | None  # noqa: N815  their name
    updatedAtUtc: str | None  # noqa: N815  their name
    publishedAtUtc: str | None  # noqa: N815  their name


class LivestreamAnswer(BaseModel):
    """One livestream."""

    status: Literal["success"]
    data: Livestream


class LivestreamsAnswer(BaseModel):
    """A page of livestreams."""

    status: Literal["success"]
    data: list[Livestream]
    paging: Paging


class NothingAnswer(BaseModel):
    """It was done."""

    status: Literal["success"]
    data: None


async def _list(exchange: Exchange) -> Answer:
    query = exchange.asked(PageQuery)
    request = pb.ListLivestreamsRequest(
        page_size=query.perpage, page=query.page + 1, order_by=order_by(query.sort, _SORTED)
    )
    found = await exchange.native.ask(request, pb.ListLivestreamsResponse)
    shown = [_show(each).model_dump() for each in found.livestreams]
    return success(shown, Paging(page=query.page, perpage=query.perpage, total=found.total_count))


async def _create(exchange: Exchange) -> Answer:
    wanted = exchange.read(LivestreamCreate)
    livestream = pb.Livestream(
        name=wanted.name, start=pb.Livestream.MANUAL, publish_gate=True, single_use=True, dvr=wanted.withDvr
    )
    if wanted.channelIds:
        livestream.metadata[CHANNELS] = _joined(wanted.channelIds)
    request = pb.CreateLivestreamRequest(livestream=livestream)
    return _one(await exchange.native.ask(request, pb.Livestream), status=201)


async def _get(exchange: Exchange) -> Answer:
    return _one(await _find(exchange))


async def _find(exchange: Exchange) -> pb.Livestream:
    return await exchange.native.ask(pb.GetLivestreamRequest(id=exchange.variables["id"]), pb.Livestream)


async def _update(exchange: Exchange) -> Answer:
    wanted, found = exchange.read(LivestreamUpdate), await _find(exchange)
    request = pb.UpdateLivestreamRequest(livestream=pb.Livestream(id=found.id, etag=found.etag))
    if wanted.name is not None:
        request.livestream.name = wanted.name
        request.update_mask.paths.append("name")
    if wanted.withDvr is not None:
        request.livestream.dvr = wanted.withDvr
        request.update_mask.paths.append("dvr")
    if wanted.channelIds is not None:
        request.livestream.metadata.update(found.metadata)
        request.livestream.metadata[CHANNELS] = _joined(wanted.channelIds)
        request.update_mask.paths.append("metadata")
    if not request.update_mask.paths:
        return _one(found)
    return _one(await exchange.native.ask(request, pb.Livestream))


async def _delete(exchange: Exchange) -> Answer:
    """On air it ends. Not while it is made into a media, and not once it is one: that is deleted as a media."""
    found = await _find(exchange)
    if found.state == pb.Livestream.ENDING:
        raise AppError(Kind.FAILED_PRECONDITION, "the livestream is being converted to a media")
    if found.state == pb.Livestream.FINISHED:
        raise AppError(Kind.FAILED_PRECONDITION, "the livestream has become a media: delete that, with permanent=true")
    await exchange.native.ask(pb.DeleteLivestreamRequest(id=found.id, delete_media=True, end_broadcast=True), Empty)
    return success(None)


async def _start(exchange: Exchange) -> Answer:
    return _one(await exchange.native.ask(pb.ActivateLivestreamRequest(id=exchange.variables["id"]), pb.Livestream))


async def _publish(exchange: Exchange) -> Answer:
    return _one(await exchange.native.ask(pb.PublishLivestreamRequest(id=exchange.variables["id"]), pb.Livestream))


async def _stop(exchange: Exchange) -> Answer:
    return _one(await exchange.native.ask(pb.IdleLivestreamRequest(id=exchange.variables["id"]), pb.Livestream))


async def _get_thumbnail(exchange: Exchange) -> Answer:
    found = await exchange.native.ask(pb.GetThumbnailRequest(livestream_id=exchange.variables["id"]), HttpBody)
    return Answer(found.data, media_type=found.content_type)


async def _put_thumbnail(exchange: Exchange) -> Answer:
    image = HttpBody(content_type=exchange.content_type, data=exchange.raw)
    await exchange.native.ask(pb.UpdateThumbnailRequest(livestream_id=exchange.variables["id"], image=image), Empty)
    return success(None)


async def _delete_thumbnail(exchange: Exchange) -> Answer:
    await exchange.native.ask(pb.DeleteThumbnailRequest(livestream_id=exchange.variables["id"]), Empty)
    return success(None)


def _one(found: pb.Livestream, *, status: int = 200) -> Answer:
    return success(_show(found).model_dump(), status=status)


def _show(of: pb.Livestream) -> Livestream:
    status = _status(of)
    return Livestream(
        id=dashed(of.id),
        name=of.name,
        channelIds=of.metadata[CHANNELS].split(",") if of.metadata.get(CHANNELS) else [DEFAULT_CHANNEL],
        source="rtmp",
        withDvr=of.dvr,
        status=status,
        inputs=_inputs(of),
        playouts=_playouts(of, status),
        mediaId=dashed(of.broadcast_id) if of.broadcast_id and status in {"converting", "finished"} else None,
        createdAtUtc=utc(of.create_time),
        updatedAtUtc=utc(of.update_time),
        publishedAtUtc=utc(of.publish_time),
    )


def _status(of: pb.Livestream) -> Literal["created", "started", "live", "converting", "finished"]:
    """In a gap it stays what it was; whatever cannot be started or seen is `created`."""
    if of.state == pb.Livestream.RECONNECTING:
        return "live" if of.publish_time.seconds or not of.publish_gate else "started"
    return _STATES.get(of.state, "created")  # type: ignore[return-value]  # the table has no other words


def _inputs(of: pb.Livestream) -> list[Input]:
    """URL and key in one, as they are pasted into ffmpeg; read-only callers see the URL alone."""
    return [
        Input(
            source="rtmp",
            url=f"{way.url.rstrip('/')}/{way.stream_key}" if way.HasField("stream_key") else way.url,
            primary=way.instance == "primary",
        )
        for way in of.inputs
        if way.protocol == "rtmp"
    ]


def _playouts(of: pb.Livestream, status: str) -> list[Playout]:
    """After stop the media's own URL, which the live one goes on showing."""
    ways = [way for way in of.playouts if way.protocol == "hls"]
    if status in {"converting", "finished"} and of.broadcast_id:
        return [Playout(type="hls", url=way.url.replace(of.id, of.broadcast_id)) for way in ways]
    return [Playout(type="hls", url=way.url) for way in ways]


def _joined(channels: list[uuid.UUID]) -> str:
    return ",".join(str(channel) for channel in channels)


_ALL, _ONE = "/livestreams", "/livestreams/{id}"

ENDPOINTS = (
    Endpoint("GET", _ALL, "List livestreams", _list, query=PageQuery, answer=LivestreamsAnswer),
    Endpoint("POST", _ALL, "Create a livestream", _create, body=LivestreamCreate, answer=LivestreamAnswer, status=201),
    Endpoint("GET", _ONE, "Get a livestream", _get, answer=LivestreamAnswer),
    Endpoint("PUT", _ONE, "Update a livestream", _update, body=LivestreamUpdate, answer=LivestreamAnswer),
    Endpoint("PATCH", _ONE, "Update a livestream", _update, body=LivestreamUpdate, answer=LivestreamAnswer),
    Endpoint("DELETE", _ONE, "Delete a livestream", _delete, answer=NothingAnswer),
    Endpoint("POST", f"{_ONE}/start", "Start a livestream", _start, answer=LivestreamAnswer),
    Endpoint("POST", f"{_ONE}/publish", "Publish a livestream", _publish, answer=LivestreamAnswer),
    Endpoint("POST", f"{_ONE}/stop", "Stop a livestream", _stop, answer=LivestreamAnswer),
    Endpoint("GET", f"{_ONE}/thumbnail", "Get its thumbnail", _get_thumbnail, bare="image/*"),
    Endpoint(
        *("PUT", f"{_ONE}/thumbnail", "Set its thumbnail", _put_thumbnail),
        takes_raw=True,
        max_body=MAX_IMAGE,
        answer=NothingAnswer,
    ),
    Endpoint("DELETE", f"{_ONE}/thumbnail", "Delete its thumbnail", _delete_thumbnail, answer=NothingAnswer),
)
