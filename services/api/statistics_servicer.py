"""headwater.v1.StatisticsService: asked of stats, which alone has the figures."""

from typing import TYPE_CHECKING

from headwater.v1 import statistics_pb2 as pb
from headwater.v1.statistics_pb2_grpc import StatisticsServiceServicer
from services.api.livestreams import Livestreams
from services.common.errors import AppError, Kind
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
        asked = pb.ListSamplesRequest()
        asked.CopyFrom(request)
        if request.broadcast_id:
            await self._narrow(asked)
        return await ask(self._stats.ListSamples(asked))

    async def _narrow(self, asked: pb.ListSamplesRequest) -> None:
        """To the time of its broadcast. AppError(NOT_FOUND) for one of another livestream."""
        stored = await self._livestreams.records.broadcasts.get(asked.broadcast_id)
        if stored is None or stored.record.livestream_id != asked.livestream_id:
            raise AppError(Kind.NOT_FOUND, f"the livestream has no broadcast {asked.broadcast_id}")
        start_us = max(stored.record.start_time_us, asked.after.ToMicroseconds())
        asked.after.FromMicroseconds(start_us)
        if end_us := stored.record.end_time_us:
            asked.before.FromMicroseconds(
                min(end_us, asked.before.ToMicroseconds() if asked.HasField("before") else end_us)
            )
