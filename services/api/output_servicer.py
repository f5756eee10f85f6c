"""headwater.v1.OutputService."""

from google.protobuf.empty_pb2 import Empty

from headwater.v1 import outputs_pb2 as pb
from headwater.v1.outputs_pb2_grpc import OutputServiceServicer
from services.api import output
from services.api.changes import changed_fields
from services.api.emptied import emptied
from services.api.outputs import Outputs
from services.api.showing import Showing
from services.common.errors import AppError, Kind
from services.common.ids import is_id
from services.common.rpc_call import Context

_SETTABLE = ("name", "url", "stream_key", "public_id", "enabled")


class OutputServicer(OutputServiceServicer):
    """What becomes of a livestream's program."""

    def __init__(self, outputs: Outputs, showing: Showing) -> None:
        self._outputs = outputs
        self._showing = showing

    async def CreateOutput(self, request: pb.CreateOutputRequest, _context: Context) -> pb.Output:  # noqa: N802  gRPC's
        return self._showing.output(*await self._outputs.create(request.livestream_id, request.output))

    async def ListOutputs(self, request: pb.ListOutputsRequest, _context: Context) -> pb.ListOutputsResponse:  # noqa: N802  gRPC's
        record = (await self._outputs.livestreams.get(request.livestream_id)).record
        return pb.ListOutputsResponse(
            outputs=[self._showing.output(record, each) for each in output.outputs_of(record)]
        )

    async def GetOutput(self, request: pb.GetOutputRequest, _context: Context) -> pb.Output:  # noqa: N802  gRPC's
        record = (await self._outputs.livestreams.get(request.livestream_id)).record
        return self._showing.output(record, output.find(record, request.id))

    async def UpdateOutput(self, request: pb.UpdateOutputRequest, _context: Context) -> pb.Output:  # noqa: N802  gRPC's
        if not is_id(request.output.id):
            raise AppError(Kind.INVALID, "is no id of an output", field="output.id")
        mask = request.update_mask if request.HasField("update_mask") else None
        fields = changed_fields(request.output, mask, _SETTABLE, emptied() & {"name"})
        return self._showing.output(*await self._outputs.update(request.livestream_id, request.output, fields))

    async def DeleteOutput(self, request: pb.DeleteOutputRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._outputs.delete(request.livestream_id, request.id)
        return Empty()
