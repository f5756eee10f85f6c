"""headwater.internal.v1.SampleService: samples go with their livestream."""

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.services_pb2 import DeleteSamplesRequest
from headwater.internal.v1.services_pb2_grpc import SampleServiceServicer
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import is_id
from services.common.rpc_call import Context
from services.stats.blocks import Blocks
from services.stats.samples import Samples


class SampleServicer(SampleServiceServicer):
    """Deletes in Redis and in the object store; UNAVAILABLE while either is away."""

    def __init__(self, samples: Samples, blocks: Blocks, clock: Clock) -> None:
        self._samples = samples
        self._blocks = blocks
        self._clock = clock

    async def DeleteSamples(self, request: DeleteSamplesRequest, _context: Context) -> Empty:  # noqa: N802  the proto's name
        """Redis first, so that nobody stores what is just being deleted. AppError(INVALID) for what is no id."""
        if not is_id(request.livestream_id):
            raise AppError(Kind.INVALID, "is no id", field="livestreamId")
        await self._samples.forget(request.livestream_id, round(self._clock.now() * 1000))
        await self._blocks.delete(request.livestream_id)
        return Empty()
