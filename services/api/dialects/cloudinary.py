"""Cloudinary's live streaming API: 12 endpoints, and that is all of it (docs/dialects.md)."""

from collections.abc import AsyncIterator
from typing import Any, Literal

from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, ConfigDict, Field

from headwater.v1 import livestreams_pb2 as pb
from headwater.v1 import outputs_pb2 as out
from services.api.breath import breathing
from services.api.dialects.endpoint import Answer, Dialect, Endpoint, Exchange
from services.api.rest.problem import Problem
from services.common.errors import AppError, Kind

IDLE_TIMEOUT_S = 120
MAX_RUNTIME_S = 10_800
"""What their samples show, and what a stream gets that sets none."""
MAX_WINDOW_S = 1800
MAX_RUN_S = 2_592_000

_ACTIVE = {pb.Livestream.ACTIVE, pb.Livestream.RECEIVING, pb.Livestream.LIVE, pb.Livestream.RECONNECTING}
_TYPES = {"hls": out.Output.HLS, "archive": out.Output.ARCHIVE, "simulcast": out.Output.SIMULCAST}
_WORDS = {number: word for word, number in _TYPES.items()}
_PAGE = 1000


class Input(BaseModel):
    """What the encoder speaks."""

    type: Literal["rtmp"]


class LiveStreamCreate(BaseModel):
    """A new live stream."""

    name: str = Field(default="", max_length=256)
    input: Input
    idle_timeout_sec: int | None = Field(default=None, ge=0, le=MAX_WINDOW_S)
    max_runtime_sec: int | None = Field(default=None, ge=0, le=MAX_RUN_S)


class LiveStreamUpdate(BaseModel):
    """What may be changed of it."""

    name: str = Field(default="", max_length=256)
    idle_timeout_sec: int | None = Field(default=None, ge=0, le=MAX_WINDOW_S)
    max_runtime_sec: int | None = Field(default=None, ge=0, le=MAX_RUN_S)


class OutputCreate(BaseModel):
    """A new output."""

    type: Literal["hls", "archive", "simulcast"]
    name: str | None = Field(default=None, max_length=256)
    uri: str | None = Field(default=None, max_length=2048)
    stream_key: str | None = Field(default=None, max_length=2048)
    vendor: str | None = Field(default=None, max_length=64)
    public_id: str | None = Field(default=None, max_length=256)


class OutputUpdate(BaseModel):
    """Type and vendor stay as they are."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, max_length=256)
    uri: str | None = Field(default=None, max_length=2048)
    stream_key: str | None = Field(default=None, max_length=2048)
    public_id: str | None = Field(default=None, max_length=256)


class Output(BaseModel):
    """An output as it is shown."""

    id: str
    type: str
    name: str | None
    uri: str | None
    stream_key: str | None
    vendor: str | None
    public_id: str | None
    created_at: int
    updated_at: int


class ShownInput(BaseModel):
    """Where the encoder sends to."""

    type: str
    uri: str | None
    stream_key: str | None


class LiveStream(BaseModel):
    """A live stream as it is shown; times in milliseconds since 1970."""

    id: str
    name: str | None
    input: ShownInput
    status: Literal["idle", "active"]
    outputs: list[Output] | None
    idle_timeout_sec: int
    max_runtime_sec: int
    created_at: int
    updated_at: int


class LiveStreamAnswer(BaseModel):
    """One live stream."""

    request_id: str
    data: LiveStream


class LiveStreamsAnswer(BaseModel):
    """All live streams."""

    request_id: str
    data: list[LiveStream]


class OutputAnswer(BaseModel):
    """One output."""

    request_id: str
    data: Output


class OutputsAnswer(BaseModel):
    """All outputs."""

    request_id: str
    data: list[Output]


class Message(BaseModel):
    """What was done."""

    message: str


class Refusal(BaseModel):
    """What went wrong."""

    request_id: str
    error: Message


class MessageAnswer(BaseModel):
    """That it was done."""

    request_id: str
    data: Message


# -- live streams ---------------------------------------------------------------------------------


async def _list(exchange: Exchange) -> Answer:
    return _data(exchange, [_live_stream(each).model_dump() async for each in _all(exchange)])


async def _all(exchange: Exchange) -> AsyncIterator[pb.Livestream]:
    """Their list has no pages."""
    token = ""
    while True:
        request = pb.ListLivestreamsRequest(page_size=_PAGE, page_token=token)
        found = await exchange.native.ask(request, pb.ListLivestreamsResponse)
        async for each in breathing(found.livestreams):
            yield each
        token = found.next_page_token
        if not token:
            return


async def _create(exchange: Exchange) -> Answer:
    wanted = exchange.read(LiveStreamCreate)
    livestream = pb.Livestream(
        name=wanted.name,
        reconnect_window=_seconds(IDLE_TIMEOUT_S if wanted.idle_timeout_sec is None else wanted.idle_timeout_sec),
        max_run_time=_seconds(MAX_RUNTIME_S if wanted.max_runtime_sec is None else wanted.max_runtime_sec),
    )
    request = pb.CreateLivestreamRequest(livestream=livestream)
    return _data(exchange, _live_stream(await exchange.native.ask(request, pb.Livestream)).model_dump())


async def _get(exchange: Exchange) -> Answer:
    request = pb.GetLivestreamRequest(id=exchange.variables["id"])
    return _data(exchange, _live_stream(await exchange.native.ask(request, pb.Livestream)).model_dump())


async def _update(exchange: Exchange) -> Answer:
    """Null is the default, as at creation."""
    wanted = exchange.read(LiveStreamUpdate)
    request = pb.UpdateLivestreamRequest(livestream=pb.Livestream(id=exchange.variables["id"]))
    if "name" in exchange.fields:
        request.livestream.name = wanted.name
        request.update_mask.paths.append("name")
    if "idle_timeout_sec" in exchange.fields:
        window_s = IDLE_TIMEOUT_S if wanted.idle_timeout_sec is None else wanted.idle_timeout_sec
        request.livestream.reconnect_window.CopyFrom(_seconds(window_s))
        request.update_mask.paths.append("reconnect_window")
    if "max_runtime_sec" in exchange.fields:
        run_s = MAX_RUNTIME_S if wanted.max_runtime_sec is None else wanted.max_runtime_sec
        request.livestream.max_run_time.CopyFrom(_seconds(run_s))
        request.update_mask.paths.append("max_run_time")
    if not request.update_mask.paths:
        return await _get(exchange)
    return _data(exchange, _live_stream(await exchange.native.ask(request, pb.Livestream)).model_dump())


async def _delete(exchange: Exchange) -> Answer:
    await exchange.native.ask(pb.DeleteLivestreamRequest(id=exchange.variables["id"]), Empty)
    return _done(exchange, "Live stream deleted")


async def _activate(exchange: Exchange) -> Answer:
    await exchange.native.ask(pb.ActivateLivestreamRequest(id=exchange.variables["id"]), pb.Livestream)
    return _done(exchange, "Live stream activated")


async def _idle(exchange: Exchange) -> Answer:
    await exchange.native.ask(pb.IdleLivestreamRequest(id=exchange.variables["id"]), pb.Livestream)
    return _done(exchange, "Live stream idled")


# -- outputs --------------------------------------------------------------------------------------


async def _list_outputs(exchange: Exchange) -> Answer:
    request = out.ListOutputsRequest(livestream_id=exchange.variables["id"])
    found = await exchange.native.ask(request, out.ListOutputsResponse)
    return _data(exchange, [_output(each).model_dump() for each in found.outputs])


async def _create_output(exchange: Exchange) -> Answer:
    wanted = exchange.read(OutputCreate)
    output = out.Output(
        type=_TYPES[wanted.type], name=wanted.name or "", vendor=wanted.vendor or "", public_id=wanted.public_id or ""
    )
    if wanted.type == "simulcast":
        output.url = wanted.uri or ""
        output.stream_key = wanted.stream_key or ""
    request = out.CreateOutputRequest(livestream_id=exchange.variables["id"], output=output)
    return _data(exchange, _output(await exchange.native.ask(request, out.Output)).model_dump())


async def _get_output(exchange: Exchange) -> Answer:
    return _data(exchange, _output(await _find_output(exchange)).model_dump())


async def _find_output(exchange: Exchange) -> out.Output:
    request = out.GetOutputRequest(livestream_id=exchange.variables["id"], id=exchange.variables["output"])
    return await exchange.native.ask(request, out.Output)


async def _update_output(exchange: Exchange) -> Answer:
    wanted, fields = exchange.read(OutputUpdate), exchange.fields
    present = await _find_output(exchange)
    if "uri" in fields and present.type != out.Output.SIMULCAST:
        raise AppError(Kind.INVALID, "the uri of this output is given by Headwater", field="uri")
    output = out.Output(id=present.id, name=wanted.name or "", public_id=wanted.public_id or "", url=wanted.uri or "")
    if "stream_key" in fields:
        output.stream_key = wanted.stream_key or ""
    request = out.UpdateOutputRequest(livestream_id=exchange.variables["id"], output=output)
    request.update_mask.paths.extend("url" if name == "uri" else name for name in sorted(fields))
    if not fields:
        return _data(exchange, _output(present).model_dump())
    return _data(exchange, _output(await exchange.native.ask(request, out.Output)).model_dump())


async def _delete_output(exchange: Exchange) -> Answer:
    request = out.DeleteOutputRequest(livestream_id=exchange.variables["id"], id=exchange.variables["output"])
    await exchange.native.ask(request, Empty)
    return _done(exchange, "Live stream output deleted")


# -- words ----------------------------------------------------------------------------------------


def _live_stream(of: pb.Livestream) -> LiveStream:
    way = next((each for each in of.inputs if each.protocol == "rtmp" and each.instance == "primary"), pb.Input())
    key = way.stream_key if way.HasField("stream_key") else None
    return LiveStream(
        id=of.id,
        name=of.name or None,
        input=ShownInput(type="rtmp", uri=way.url or None, stream_key=key),
        status="active" if of.state in _ACTIVE else "idle",
        outputs=[_output(each) for each in of.outputs],
        idle_timeout_sec=of.reconnect_window.seconds,
        max_runtime_sec=of.max_run_time.seconds,
        created_at=_milliseconds(of.create_time),
        updated_at=_milliseconds(of.update_time),
    )


def _output(of: out.Output) -> Output:
    return Output(
        id=of.id,
        type=_WORDS[of.type],
        name=of.name or None,
        uri=of.url or None,
        stream_key=of.stream_key if of.HasField("stream_key") and of.stream_key else None,
        vendor=of.vendor or None,
        public_id=of.public_id or None,
        created_at=_milliseconds(of.create_time),
        updated_at=_milliseconds(of.update_time),
    )


def _seconds(count: int) -> Duration:
    return Duration(seconds=count)


def _milliseconds(time: Timestamp) -> int:
    return int(time.ToMilliseconds())


def _data(exchange: Exchange, data: Any) -> Answer:
    return Answer({"request_id": exchange.request_id, "data": data})


def _done(exchange: Exchange, message: str) -> Answer:
    return _data(exchange, {"message": message})


def _refuse(problem: Problem, request_id: str) -> Answer:
    """They have a sentence and no code; the field that is wrong stands in the sentence."""
    return Answer({"request_id": request_id, "error": {"message": problem.sentence}}, problem.status)


_STREAM, _OUTPUT = "/live_streams/{id}", "/live_streams/{id}/outputs/{output}"

CLOUDINARY = Dialect(
    name="cloudinary",
    title="Cloudinary's live streaming API",
    bases=("/cloudinary/v2/video/{cloud}", "/cloudinary/v2/{cloud}/video"),
    tenant="cloud",
    refuse=_refuse,
    refusal=Refusal,
    endpoints=(
        Endpoint("GET", "/live_streams", "List live streams", _list, answer=LiveStreamsAnswer),
        Endpoint(
            "POST", "/live_streams", "Create a live stream", _create, body=LiveStreamCreate, answer=LiveStreamAnswer
        ),
        Endpoint("GET", _STREAM, "Get a live stream", _get, answer=LiveStreamAnswer),
        Endpoint("PATCH", _STREAM, "Update a live stream", _update, body=LiveStreamUpdate, answer=LiveStreamAnswer),
        Endpoint("DELETE", _STREAM, "Delete a live stream", _delete, answer=MessageAnswer),
        Endpoint("POST", f"{_STREAM}/activate", "Activate a live stream", _activate, answer=MessageAnswer),
        Endpoint("POST", f"{_STREAM}/idle", "Idle a live stream", _idle, answer=MessageAnswer),
        Endpoint("GET", f"{_STREAM}/outputs", "List outputs", _list_outputs, answer=OutputsAnswer),
        Endpoint(
            "POST", f"{_STREAM}/outputs", "Create an output", _create_output, body=OutputCreate, answer=OutputAnswer
        ),
        Endpoint("GET", _OUTPUT, "Get an output", _get_output, answer=OutputAnswer),
        Endpoint("PATCH", _OUTPUT, "Update an output", _update_output, body=OutputUpdate, answer=OutputAnswer),
        Endpoint("DELETE", _OUTPUT, "Delete an output", _delete_output, answer=MessageAnswer),
    ),
)
