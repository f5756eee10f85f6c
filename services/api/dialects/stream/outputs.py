"""Where a live input's broadcasts are sent on to."""

from google.protobuf.empty_pb2 import Empty
from pydantic import BaseModel, Field

from headwater.v1 import outputs_pb2 as pb
from services.api.dialects.endpoint import Answer, Endpoint, Exchange
from services.api.dialects.stream.envelope import Envelope, success


class OutputCreate(BaseModel):
    """A new one. URL and key cannot be changed afterwards."""

    url: str = Field(min_length=1, max_length=2048)
    streamKey: str = Field(max_length=2048)  # noqa: N815  their name
    enabled: bool = True


class OutputUpdate(BaseModel):
    """Switch it on or off."""

    enabled: bool


class Output(BaseModel):
    """An output as it is shown."""

    uid: str
    url: str
    streamKey: str | None  # noqa: N815  their name
    enabled: bool


class OutputAnswer(Envelope):
    """One output."""

    result: Output


class OutputsAnswer(Envelope):
    """All outputs."""

    result: list[Output]


async def _list(exchange: Exchange) -> Answer:
    request = pb.ListOutputsRequest(livestream_id=exchange.variables["id"])
    found = await exchange.native.ask(request, pb.ListOutputsResponse)
    return success([_show(each).model_dump() for each in found.outputs if each.type == pb.Output.SIMULCAST])


async def _create(exchange: Exchange) -> Answer:
    wanted = exchange.read(OutputCreate)
    output = pb.Output(type=pb.Output.SIMULCAST, url=wanted.url, stream_key=wanted.streamKey, enabled=wanted.enabled)
    request = pb.CreateOutputRequest(livestream_id=exchange.variables["id"], output=output)
    return success(_show(await exchange.native.ask(request, pb.Output)).model_dump())


async def _update(exchange: Exchange) -> Answer:
    output = pb.Output(id=exchange.variables["output"], enabled=exchange.read(OutputUpdate).enabled)
    request = pb.UpdateOutputRequest(livestream_id=exchange.variables["id"], output=output)
    request.update_mask.paths.append("enabled")
    return success(_show(await exchange.native.ask(request, pb.Output)).model_dump())


async def _delete(exchange: Exchange) -> Answer:
    request = pb.DeleteOutputRequest(livestream_id=exchange.variables["id"], id=exchange.variables["output"])
    await exchange.native.ask(request, Empty)
    return Answer({})


def _show(of: pb.Output) -> Output:
    return Output(
        uid=of.id, url=of.url, streamKey=of.stream_key if of.HasField("stream_key") else None, enabled=of.enabled
    )


_ALL, _ONE = "/live_inputs/{id}/outputs", "/live_inputs/{id}/outputs/{output}"

ENDPOINTS = (
    Endpoint("GET", _ALL, "List outputs", _list, answer=OutputsAnswer),
    Endpoint("POST", _ALL, "Create an output", _create, body=OutputCreate, answer=OutputAnswer),
    Endpoint("PUT", _ONE, "Switch an output on or off", _update, body=OutputUpdate, answer=OutputAnswer),
    Endpoint("DELETE", _ONE, "Delete an output", _delete),
)
