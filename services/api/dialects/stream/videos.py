"""Stream's videos: recordings, the one that is growing included."""

from collections.abc import AsyncIterator
from typing import Any, Literal

from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from pydantic import BaseModel, Field

from headwater.v1 import media_pb2 as pb
from headwater.v1.livestreams_pb2 import GetLivestreamRequest, Livestream
from services.api.breath import breathing
from services.api.dialects.addresses import DASH, FRAME, HLS, WATCH, beside
from services.api.dialects.endpoint import Absent, Answer, Endpoint, Exchange
from services.api.dialects.stream.envelope import Envelope, NothingAnswer, iso, kept_meta, moment, shown_meta, success
from services.common.errors import AppError, Kind
from services.common.ids import is_id

State = Literal["pendingupload", "downloading", "queued", "inprogress", "ready", "error", "live-inprogress"]

LIMIT = 1000
MAX_S = 30 * 86_400
"""No broadcast is longer."""
_AT_ONCE = 1000
_STATES: dict[pb.Media.State.ValueType, State] = {
    pb.Media.RECORDING: "live-inprogress",
    pb.Media.FINISHING: "inprogress",
    pb.Media.READY: "ready",
    pb.Media.FAILED: "error",
}


class ListQuery(BaseModel):
    """Which videos. `start` is also `after`, and `end` `before`."""

    id: str = Field(default="", max_length=64)
    name: str = Field(default="", max_length=256)
    video_name: str = Field(default="", max_length=256)
    search: str = Field(default="", max_length=256)
    status: State | None = None
    creator: str = Field(default="", max_length=64)
    type: Literal["", "vod", "live"] = ""
    live_input_id: str = Field(default="", max_length=64)
    start: str = Field(default="", max_length=40)
    after: str = Field(default="", max_length=40)
    end: str = Field(default="", max_length=40)
    before: str = Field(default="", max_length=40)
    asc: bool = False
    include_counts: bool = False
    limit: int = Field(default=LIMIT, ge=1, le=LIMIT)


class VideoEdit(BaseModel):
    """What may be changed of a video. What only uploads have is taken and not looked at."""

    uid: str | None = None
    meta: dict[str, Any] | None = None
    creator: str | None = Field(default=None, max_length=64)
    requireSignedURLs: bool | None = None  # noqa: N815  their name
    allowedOrigins: list[str] | None = Field(default=None, max_length=100)  # noqa: N815  their name
    scheduledDeletion: str | None = None  # noqa: N815  their name
    thumbnailTimestampPct: float | None = Field(default=None, ge=0, le=1)  # noqa: N815  their name
    maxDurationSeconds: int | None = None  # noqa: N815  their name
    uploadExpiry: str | None = None  # noqa: N815  their name
    publicDetails: dict[str, Any] | None = None  # noqa: N815  their name


class ClipCreate(BaseModel):
    """A part of a video as a video of its own."""

    clippedFromVideoUID: str  # noqa: N815  their name
    startTimeSeconds: float = Field(ge=0, le=MAX_S)  # noqa: N815  their name
    endTimeSeconds: float = Field(gt=0, le=MAX_S)  # noqa: N815  their name
    meta: dict[str, Any] | None = None
    name: str | None = Field(default=None, max_length=256)
    creator: str | None = Field(default=None, max_length=64)
    requireSignedURLs: bool | None = None  # noqa: N815  their name
    allowedOrigins: list[str] | None = Field(default=None, max_length=100)  # noqa: N815  their name
    scheduledDeletion: str | None = None  # noqa: N815  their name
    thumbnailTimestampPct: float | None = Field(default=None, ge=0, le=1)  # noqa: N815  their name
    watermark: dict[str, Any] | None = None


class VideoStatus(BaseModel):
    """How far it is."""

    state: State
    pctComplete: str  # noqa: N815  their name
    errorReasonCode: str  # noqa: N815  their name
    errorReasonText: str  # noqa: N815  their name


class Video(BaseModel):
    """A video as it is shown; unknown numbers are -1."""

    uid: str
    creator: str | None
    thumbnail: str | None
    thumbnailTimestampPct: float  # noqa: N815  their name
    readyToStream: bool  # noqa: N815  their name
    readyToStreamAt: str | None  # noqa: N815  their name
    status: VideoStatus
    meta: dict[str, Any]
    created: str | None
    modified: str | None
    uploaded: str | None
    scheduledDeletion: str | None  # noqa: N815  their name
    size: int
    preview: str | None
    allowedOrigins: list[str]  # noqa: N815  their name
    requireSignedURLs: bool  # noqa: N815  their name
    maxSizeBytes: int | None  # noqa: N815  their name
    maxDurationSeconds: int | None  # noqa: N815  their name
    uploadExpiry: str | None  # noqa: N815  their name
    duration: float
    input: dict[str, int]
    playback: dict[str, str]
    watermark: None
    liveInput: str | None  # noqa: N815  their name
    clippedFrom: str | None  # noqa: N815  their name


class VideoAnswer(Envelope):
    """One video."""

    result: Video


class VideosAnswer(Envelope):
    """Videos."""

    result: list[Video]
    total: str | None = None
    range: str | None = None


class StorageQuery(BaseModel):
    """Whose."""

    creator: str = Field(default="", max_length=64)


class Storage(BaseModel):
    """What all videos take up."""

    creator: str | None
    totalStorageMinutes: float  # noqa: N815  their name
    totalStorageMinutesLimit: int  # noqa: N815  their name
    videoCount: int  # noqa: N815  their name


class StorageAnswer(Envelope):
    """What all videos take up."""

    result: Storage


async def _list(exchange: Exchange) -> Answer:
    query = exchange.asked(ListQuery)
    request = _request(query)
    if request is None:
        found = pb.ListMediaResponse()
    else:
        found = await exchange.native.ask(request, pb.ListMediaResponse)
    shown = [_show(each).model_dump() async for each in breathing(found.media)]
    if not query.include_counts:
        return success(shown)
    return success(shown, total=str(found.total_count), range=str(len(shown)))


def _request(query: ListQuery) -> pb.ListMediaRequest | None:
    """None where nothing can fit: nothing is ever uploaded here, and no id of ours looks like that."""
    wanted, states = query.id.replace("-", "").lower(), _states(query)
    if not states or (wanted and not is_id(wanted)):
        return None
    exact = query.name or query.video_name
    if exact and query.search.casefold() not in exact.casefold():
        return None
    return pb.ListMediaRequest(
        page_size=query.limit,
        ids=[wanted] if wanted else [],
        livestream_id=query.live_input_id.replace("-", ""),
        states=states if len(states) < len(_STATES) else (),
        creator=query.creator,
        name=exact or query.search,
        whole_name=bool(exact),
        after=moment(query.start or query.after, "query.start") if query.start or query.after else None,
        before=moment(query.end or query.before, "query.end") if query.end or query.before else None,
        order_by="create_time asc" if query.asc else "create_time desc",
    )


def _states(query: ListQuery) -> list[pb.Media.State.ValueType]:
    return [
        state
        for state, word in _STATES.items()
        if (query.status is None or word == query.status)
        and (not query.type or (query.type == "live") == (state == pb.Media.RECORDING))
    ]


async def _all(exchange: Exchange, request: pb.ListMediaRequest) -> AsyncIterator[pb.Media]:
    while True:
        found = await exchange.native.ask(request, pb.ListMediaResponse)
        async for media in breathing(found.media):
            yield media
        if not found.next_page_token:
            return
        request.page_token = found.next_page_token


async def _list_of_input(exchange: Exchange) -> Answer:
    """The live one first. Of an input that is deleted its videos are still there; of none that ever was, nothing is."""
    request = pb.ListMediaRequest(page_size=_AT_ONCE, livestream_id=exchange.variables["id"].replace("-", ""))
    shown = [_show(each).model_dump() async for each in _all(exchange, request)]
    if not shown:
        await exchange.native.ask(GetLivestreamRequest(id=exchange.variables["id"]), Livestream)
    return success(shown)


async def _get(exchange: Exchange) -> Answer:
    """What is in the bin is gone here: they have none."""
    found = await exchange.native.ask(pb.GetMediaRequest(id=exchange.variables["id"]), pb.Media)
    if found.state == pb.Media.DELETED:
        raise AppError(Kind.NOT_FOUND, f"there is no media {found.id}")
    return success(_show(found).model_dump())


async def _edit(exchange: Exchange) -> Answer:
    wanted, fields = exchange.read(VideoEdit), exchange.fields
    media = pb.Media(id=exchange.variables["id"])
    request = pb.UpdateMediaRequest(media=media)
    paths = request.update_mask.paths
    if "meta" in fields:
        name, metadata = kept_meta(wanted.meta or {})
        media.name = name
        media.metadata.update(metadata)
        paths.extend(["name", "metadata"])
    if "creator" in fields:
        media.creator = wanted.creator or ""
        paths.append("creator")
    if wanted.requireSignedURLs is not None:
        media.require_signed_urls = wanted.requireSignedURLs
        paths.append("require_signed_urls")
    if "allowedOrigins" in fields:
        media.allowed_origins.extend(wanted.allowedOrigins or [])
        paths.append("allowed_origins")
    if "scheduledDeletion" in fields:
        if wanted.scheduledDeletion is not None:
            media.scheduled_delete_time.CopyFrom(moment(wanted.scheduledDeletion, "scheduledDeletion"))
        paths.append("scheduled_delete_time")
    if wanted.thumbnailTimestampPct is not None:
        media.thumbnail_position = wanted.thumbnailTimestampPct
        paths.append("thumbnail_position")
    if not paths:
        return await _get(exchange)
    request.media.CopyFrom(media)
    return success(_show(await exchange.native.ask(request, pb.Media)).model_dump())


async def _delete(exchange: Exchange) -> Answer:
    """For good: they have no bin."""
    await exchange.native.ask(pb.DeleteMediaRequest(id=exchange.variables["id"], permanent=True), Empty)
    return success(None)


async def _clip(exchange: Exchange) -> Answer:
    wanted = exchange.read(ClipCreate)
    if wanted.watermark:
        raise NotImplementedError
    name, metadata = kept_meta(wanted.meta or {})
    request = pb.ClipMediaRequest(
        id=wanted.clippedFromVideoUID,
        start=_seconds(wanted.startTimeSeconds),
        end=_seconds(wanted.endTimeSeconds),
        name=name or wanted.name or "",
        creator=wanted.creator or "",
        allowed_origins=wanted.allowedOrigins or [],
        require_signed_urls=wanted.requireSignedURLs,
        metadata=metadata,
        thumbnail_position=wanted.thumbnailTimestampPct,
    )
    if wanted.scheduledDeletion is not None:
        request.scheduled_delete_time.CopyFrom(moment(wanted.scheduledDeletion, "scheduledDeletion"))
    return success(_show(await exchange.native.ask(request, pb.Media)).model_dump())


async def _embed(exchange: Exchange) -> Answer:
    """Bare HTML that shows the player."""
    found = await exchange.native.ask(pb.GetMediaRequest(id=exchange.variables["id"]), pb.Media)
    source = beside(_hls(found), FRAME)
    frame = (
        f'<iframe src="{source}" style="border: none" height="720" width="1280" allow="autoplay; fullscreen"></iframe>'
    )
    return Answer(frame.encode(), media_type="text/html; charset=utf-8")


async def _storage(exchange: Exchange) -> Answer:
    creator = exchange.asked(StorageQuery).creator
    request = pb.ListMediaRequest(page_size=1, creator=creator, sum_up=True)
    found = await exchange.native.ask(request, pb.ListMediaResponse)
    shown = Storage(
        creator=creator or None,
        totalStorageMinutes=round(found.total_duration.ToTimedelta().total_seconds() / 60, 3),
        totalStorageMinutesLimit=0,
        videoCount=found.total_count,
    )
    return success(shown.model_dump())


def _seconds(count: float) -> Duration:
    found = Duration()
    found.FromMicroseconds(round(count * 1e6))
    return found


def _hls(of: pb.Media) -> str:
    return next((way.url for way in of.playouts if way.protocol == "hls"), "")


def _show(of: pb.Media) -> Video:
    state, hls = _STATES.get(of.state, "error"), _hls(of)
    is_ready = of.state == pb.Media.READY
    is_growing = of.state in {pb.Media.RECORDING, pb.Media.FINISHING} and not of.clipped_from
    return Video(
        uid=of.id,
        creator=of.creator or None,
        thumbnail=of.thumbnail_url or None,
        thumbnailTimestampPct=of.thumbnail_position,
        readyToStream=is_ready or is_growing,
        readyToStreamAt=iso(of.ready_time) or (iso(of.create_time) if is_growing else None),
        status=VideoStatus(
            state=state,
            pctComplete="100" if is_ready else f"{of.percent:g}",
            errorReasonCode="ERR_UNKNOWN" if state == "error" else "",
            errorReasonText=of.failure_reason if state == "error" else "",
        ),
        meta=shown_meta(of.name, sorted(of.metadata.items())),
        created=iso(of.create_time),
        modified=iso(of.update_time) or iso(of.create_time),
        uploaded=iso(of.create_time),
        scheduledDeletion=iso(of.scheduled_delete_time),
        size=of.size_bytes,
        preview=beside(hls, WATCH) or None,
        allowedOrigins=list(of.allowed_origins),
        requireSignedURLs=of.require_signed_urls,
        maxSizeBytes=None,
        maxDurationSeconds=None,
        uploadExpiry=None,
        duration=of.duration.ToTimedelta().total_seconds() if is_ready else -1,
        input={"width": of.width or -1, "height": of.height or -1},
        playback={"hls": beside(hls, HLS), "dash": beside(hls, DASH)},
        watermark=None,
        liveInput=of.livestream_id or None,
        clippedFrom=of.clipped_from or None,
    )


_ONE = "/{id}"

ENDPOINTS = (
    Endpoint("GET", "", "List videos", _list, query=ListQuery, answer=VideosAnswer),
    Endpoint("POST", "", "Begin an upload (tus)", absent=Absent.NEVER),
    Endpoint("GET", "/live_inputs/{id}/videos", "List a live input's videos", _list_of_input, answer=VideosAnswer),
    Endpoint("GET", "/storage-usage", "Sum up", _storage, query=StorageQuery, answer=StorageAnswer),
    Endpoint(
        *("POST", "/clip", "Make a video of a part of one", _clip),
        lacks="Watermarks come later.",
        body=ClipCreate,
        answer=VideoAnswer,
    ),
    Endpoint("POST", "/copy", "Upload from a URL", absent=Absent.NEVER),
    Endpoint("POST", "/direct_upload", "Let a user upload", absent=Absent.NEVER),
    Endpoint("GET", "/watermarks", "List watermarks", absent=Absent.LATER),
    Endpoint("POST", "/watermarks", "Create a watermark", absent=Absent.LATER),
    Endpoint("GET", "/watermarks/{watermark}", "Get a watermark", absent=Absent.LATER),
    Endpoint("DELETE", "/watermarks/{watermark}", "Delete a watermark", absent=Absent.LATER),
    Endpoint("GET", _ONE, "Get a video", _get, answer=VideoAnswer),
    Endpoint("POST", _ONE, "Edit a video", _edit, body=VideoEdit, answer=VideoAnswer),
    Endpoint("DELETE", _ONE, "Delete a video", _delete, answer=NothingAnswer),
    Endpoint("GET", f"{_ONE}/embed", "Get the HTML that shows it", _embed, bare="text/html"),
    Endpoint("GET", f"{_ONE}/audio", "List audio tracks", absent=Absent.NEVER),
    Endpoint("POST", f"{_ONE}/audio/copy", "Add an audio track", absent=Absent.NEVER),
    Endpoint("PATCH", f"{_ONE}/audio/{{audio}}", "Edit an audio track", absent=Absent.NEVER),
    Endpoint("DELETE", f"{_ONE}/audio/{{audio}}", "Delete an audio track", absent=Absent.NEVER),
)
