"""headwater.v1.StatisticsService: protobuf in, protobuf out."""

from headwater.v1 import statistics_pb2 as pb
from headwater.v1.statistics_pb2_grpc import StatisticsServiceServicer
from services.common.clock import Clock
from services.common.rpc_call import Context
from services.stats.reading import Counts
from services.stats.repository import Repository
from services.stats.series import Sample, decode_place, encode_place, page_size


class StatisticsServicer(StatisticsServiceServicer):
    """Answers from Redis; UNAVAILABLE while it is away. It does not know which livestreams there are: api does."""

    def __init__(self, repository: Repository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    async def GetStatistics(  # noqa: N802  the proto's name
        self, request: pb.GetStatisticsRequest, _context: Context
    ) -> pb.Statistics:
        """The present figures; zeros for a livestream nobody knows."""
        now_ms = round(self._clock.now() * 1000)
        reading = (await self._repository.readings([request.livestream_id], now_ms))[request.livestream_id]
        answer = pb.Statistics(
            primary=_connections(reading.primary),
            secondary=_connections(reading.secondary),
            sum=_connections(reading.sum),
            unique_viewers=reading.unique_viewers,
        )
        answer.time.FromMilliseconds(now_ms)
        return answer

    async def ListSamples(  # noqa: N802  the proto's name
        self, request: pb.ListSamplesRequest, _context: Context
    ) -> pb.ListSamplesResponse:
        """A page of samples, newest first."""
        before_ms = decode_place(request.instance, request.page_token)
        size = page_size(request.page_size)
        found = await self._repository.samples(request.livestream_id, request.instance, before_ms, size + 1)
        more = encode_place(request.instance, found[size - 1].slot_ms) if len(found) > size else ""
        return pb.ListSamplesResponse(samples=map(_to_proto, found[:size]), next_page_token=more)


def _connections(counts: Counts) -> pb.Connections:
    return pb.Connections(rtmp_connections=counts.rtmp_connections, hls_connections=counts.hls_connections)


def _to_proto(sample: Sample) -> pb.Sample:
    counts = sample.counts
    said = pb.Sample(
        rtmp_connections=counts.rtmp_connections,
        hls_connections=counts.hls_connections,
        bitrate_bps=counts.bitrate_bps,
    )
    said.create_time.FromMilliseconds(sample.slot_ms)
    return said
