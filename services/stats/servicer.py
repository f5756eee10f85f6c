"""headwater.v1.StatisticsService: protobuf in, protobuf out."""

from headwater.v1 import statistics_pb2 as pb
from headwater.v1.statistics_pb2_grpc import StatisticsServiceServicer
from services.common.clock import Clock
from services.common.rpc_call import Context
from services.stats.figures import Counts
from services.stats.history import History
from services.stats.repository import Repository
from services.stats.samples import Place
from services.stats.series import Sample, decode_place, encode_place, page_size


class StatisticsServicer(StatisticsServiceServicer):
    """UNAVAILABLE while Redis is away. It does not know which livestreams there are: api does."""

    def __init__(self, repository: Repository, history: History, clock: Clock) -> None:
        self._repository = repository
        self._history = history
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
        """A page of samples, newest first. AppError(INVALID) for a page token of another list."""
        after_ms, before_ms = _limits(request)
        place = Place(request.livestream_id, request.instance)
        page = await self._history.page(place, after_ms, before_ms, page_size(request.page_size))
        more = "" if page.before_ms is None else encode_place(*place, page.before_ms)
        return pb.ListSamplesResponse(samples=map(_to_proto, page.samples), next_page_token=more)


def _limits(request: pb.ListSamplesRequest) -> tuple[int, int | None]:
    """Slots from the first on and before the second are asked for; None: up to the newest."""
    befores = [decode_place(request.livestream_id, request.instance, request.page_token)]
    if request.HasField("before"):
        befores.append(max(0, request.before.ToMilliseconds()))
    after_ms = max(0, request.after.ToMilliseconds()) if request.HasField("after") else 0
    return after_ms, min((each for each in befores if each is not None), default=None)


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
