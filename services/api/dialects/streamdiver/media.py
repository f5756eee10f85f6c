"""Streamdiver's media: what livestreams have become."""

import uuid
from typing import Literal

from google.protobuf.empty_pb2 import Empty
from pydantic import BaseModel, Field

from headwater.v1 import livestreams_pb2
from headwater.v1 import media_pb2 as pb
from services.api.dialects.endpoint import Absent, Answer, Endpoint, Exchange
from services.api.dialects.streamdiver.envelope import PageQuery, Paging, dashed, order_by, success, utc
from services.api.dialects.streamdiver.livestreams import NothingAnswer
from services.common.errors import AppError, Kind

_STATES = {
    pb.Media.RECORDING: "live",
    pb.Media.FINISHING: "converting",
    pb.Media.READY: "ready",
    pb.Media.FAILED: "failed",
    pb.Media.DELETED: "softDeleted",
}
_SORTED = {"name": "name", "createdAtUtc": "create_time", "updatedAtUtc": "update_time", "duration": "duration"}
_FORMATS = {"mp4": pb.Download.MP4, "m4a": pb.Download.M4A}


class DeleteQuery(BaseModel):
    """How it is deleted."""

    permanent: bool = False


class MediaUpdate(BaseModel):
    """What may be changed of it."""

    name: str | None = Field(default=None, min_length=1, max_length=256)


class DownloadCreate(BaseModel):
    """The file that is wanted."""

    format: Literal["mp4", "m4a"] = "mp4"


class Media(BaseModel):
    """A media as it is shown; `duration` in seconds."""

    id: str
    name: str
    status: Literal["live", "converting", "ready", "failed", "softDeleted"]
    duration: float
    size: int
    livestreamId: str | None  # noqa: N815  their name
    playouts: list[dict[str, str]]
    createdAtUtc: str | None  # noqa: N815  their name
    updatedAtUtc: str | None  # noqa: N815  their name


class Download(BaseModel):
    """A file as it is shown."""

    format: str
    status: Literal["inProgress", "ready", "failed"]
    percent: float
    url: str | None


class MediaAnswer(BaseModel):
    """One media."""

    status: Literal["success"]
    data: Media


class MediaListAnswer(BaseModel):
    """A page of media."""

    status: Literal["success"]
    data: list[Media]
    paging: Paging


class DownloadAnswer(BaseModel):
    """One file."""

    status: Literal["success"]
    data: Download


class DownloadsAnswer(BaseModel):
    """All files of a media."""

    status: Literal["success"]
    data: list[Download]


async def _list(exchange: Exchange) -> Answer:
    query = exchange.asked(PageQuery)
    request = pb.ListMediaRequest(
        page_size=query.perpage, page=query.page + 1, order_by=order_by(query.sort, _SORTED), show_deleted=True
    )
    found = await exchange.native.ask(request, pb.ListMediaResponse)
    shown = [_show(each).model_dump() for each in found.media]
    return success(shown, Paging(page=query.page, perpage=query.perpage, total=found.total_count))


async def _get(exchange: Exchange) -> Answer:
    return success(_show(await _find(exchange)).model_dump())


async def _find(exchange: Exchange) -> pb.Media:
    return await exchange.native.ask(pb.GetMediaRequest(id=exchange.variables["id"]), pb.Media)


async def _update(exchange: Exchange) -> Answer:
    wanted = exchange.read(MediaUpdate)
    if wanted.name is None:
        return await _get(exchange)
    request = pb.UpdateMediaRequest(media=pb.Media(id=exchange.variables["id"], name=wanted.name))
    request.update_mask.paths.append("name")
    return success(_show(await exchange.native.ask(request, pb.Media)).model_dump())


async def _delete(exchange: Exchange) -> Answer:
    """For good it takes the finished livestream with it that it was made of."""
    permanent = exchange.asked(DeleteQuery).permanent
    found = await _find(exchange)
    await exchange.native.ask(pb.DeleteMediaRequest(id=found.id, permanent=permanent), Empty)
    if permanent and found.livestream_id:
        await _delete_finished(exchange, found.livestream_id)
    return success(None)


async def _delete_finished(exchange: Exchange, livestream: str) -> None:
    try:
        request = livestreams_pb2.GetLivestreamRequest(id=livestream)
        found = await exchange.native.ask(request, livestreams_pb2.Livestream)
    except AppError as error:
        if error.kind is Kind.NOT_FOUND:
            return
        raise
    if found.state == livestreams_pb2.Livestream.FINISHED:
        await exchange.native.ask(livestreams_pb2.DeleteLivestreamRequest(id=livestream, delete_media=True), Empty)


async def _restore(exchange: Exchange) -> Answer:
    request = pb.RestoreMediaRequest(id=exchange.variables["id"])
    return success(_show(await exchange.native.ask(request, pb.Media)).model_dump())


async def _list_downloads(exchange: Exchange) -> Answer:
    request = pb.ListDownloadsRequest(media_id=exchange.variables["id"])
    found = await exchange.native.ask(request, pb.ListDownloadsResponse)
    return success([_download(each).model_dump() for each in found.downloads])


async def _create_download(exchange: Exchange) -> Answer:
    wanted = exchange.read(DownloadCreate)
    request = pb.CreateDownloadRequest(media_id=exchange.variables["id"], format=_FORMATS[wanted.format])
    return success(_download(await exchange.native.ask(request, pb.Download)).model_dump(), status=201)


def _show(of: pb.Media) -> Media:
    return Media(
        id=dashed(of.id),
        name=of.name,
        status=_STATES[of.state],  # type: ignore[arg-type]  # the table has no other words
        duration=of.duration.ToTimedelta().total_seconds(),
        size=of.size_bytes,
        livestreamId=str(uuid.UUID(of.livestream_id)) if of.livestream_id else None,
        playouts=[{"type": way.protocol, "url": way.url} for way in of.playouts if way.protocol == "hls"],
        createdAtUtc=utc(of.create_time),
        updatedAtUtc=utc(of.update_time) or utc(of.create_time),
    )


def _download(of: pb.Download) -> Download:
    words: dict[int, Literal["inProgress", "ready", "failed"]] = {
        pb.Download.READY: "ready",
        pb.Download.FAILED: "failed",
    }
    return Download(
        format=pb.Download.Format.Name(of.format).lower(),
        status=words.get(of.state, "inProgress"),
        percent=of.percent,
        url=of.url or None,
    )


_ALL, _ONE = "/media", "/media/{id}"

ENDPOINTS = (
    Endpoint("GET", _ALL, "List media", _list, query=PageQuery, answer=MediaListAnswer),
    Endpoint("POST", _ALL, "Upload a media", absent=Absent.NEVER),
    Endpoint("GET", _ONE, "Get a media", _get, answer=MediaAnswer),
    Endpoint("PUT", _ONE, "Update a media", _update, body=MediaUpdate, answer=MediaAnswer),
    Endpoint("PATCH", _ONE, "Update a media", _update, body=MediaUpdate, answer=MediaAnswer),
    Endpoint("DELETE", _ONE, "Delete a media", _delete, query=DeleteQuery, answer=NothingAnswer),
    Endpoint("POST", f"{_ONE}/restore", "Bring a deleted media back", _restore, answer=MediaAnswer),
    Endpoint("GET", f"{_ONE}/downloads", "List the files of a media", _list_downloads, answer=DownloadsAnswer),
    Endpoint(
        *("POST", f"{_ONE}/downloads", "Order a file of a media", _create_download),
        body=DownloadCreate,
        answer=DownloadAnswer,
        status=201,
    ),
)
