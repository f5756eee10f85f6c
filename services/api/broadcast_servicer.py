"""headwater.v1.BroadcastService."""

from headwater.v1 import broadcasts_pb2 as pb
from headwater.v1.broadcasts_pb2_grpc import BroadcastServiceServicer
from services.api.livestreams import Livestreams
from services.api.paging import page_size
from services.api.view import Urls, public_broadcast
from services.common.errors import AppError, Kind
from services.common.rpc_call import Context


class BroadcastServicer(BroadcastServiceServicer):
    """Broadcasts of a livestream, newest first."""

    def __init__(self, livestreams: Livestreams, urls: Urls) -> None:
        self._livestreams = livestreams
        self._urls = urls

    async def ListBroadcasts(self, request: pb.ListBroadcastsRequest, _context: Context) -> pb.ListBroadcastsResponse:  # noqa: N802  gRPC's
        await self._livestreams.get(request.livestream_id)
        page = self._livestreams.records.broadcasts.page(
            after=request.page_token, limit=page_size(request.page_size), group=request.livestream_id
        )
        return pb.ListBroadcastsResponse(
            broadcasts=[public_broadcast(stored.record, self._urls) for stored in page.items],
            next_page_token=page.after,
            total_count=page.total,
        )

    async def GetBroadcast(self, request: pb.GetBroadcastRequest, _context: Context) -> pb.Broadcast:  # noqa: N802  gRPC's
        await self._livestreams.get(request.livestream_id)
        stored = await self._livestreams.records.broadcasts.get(request.id)
        if stored is None or stored.record.livestream_id != request.livestream_id:
            raise AppError(Kind.NOT_FOUND, f"the livestream has no broadcast {request.id}")
        return public_broadcast(stored.record, self._urls)
