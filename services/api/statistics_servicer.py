"""headwater.v1.StatisticsService: asked of stats, which alone has the figures."""

from typing import TYPE_CHECKING

from headwater.v1 import statistics_pb2 as pb
from headwater.v1.statistics_pb2_grpc import StatisticsServiceServicer
from services.api.livestreams import Livestreams
from services.common.rpc_call import Context
from services.common.rpc_channel import ask

if TYPE_CHECKING:  # the name stands in the stub file alone
    from headwater.v1.statistics_pb2_grpc import StatisticsServiceAsyncStub


class StatisticsServicer(StatisticsServiceServicer):
    """Knows which livestreams there are and who may ask; passes the rest on."""

    def __init__(self, livestreams: Livestreams, stats: "StatisticsServiceAsyncStub") -> None:
        self._livestreams = livestreams
        self._stats = stats

    async def GetStatistics(self, request: pb.GetStatisticsRequest, _context: Context) -> pb.Statistics:  # noqa: N802  gRPC's
        await self._livestreams.get(request.livestream_id)
        return await ask(self._stats.GetStatistics(request))

    async def ListSamples(self, request: pb.ListSamplesRequest, _context: Context) -> pb.ListSamplesResponse:  # noqa: N802  gRPC's
        await self._livestreams.get(request.livestream_id)
        return await ask(self._stats.ListSamples(request))
