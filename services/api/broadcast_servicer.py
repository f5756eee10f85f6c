"""headwater.v1.BroadcastService."""

from dataclasses import replace

from headwater.internal.v1.records_pb2 import BroadcastRecord
from headwater.v1 import broadcasts_pb2 as pb
from headwater.v1.broadcasts_pb2_grpc import BroadcastServiceServicer
from services.api import listing
from services.api.breath import breathing
from services.api.catalog import Catalog
from services.api.livestreams import Livestreams
from services.api.queries import query_of
from services.api.rows import value_of
from services.api.view import Urls, public_broadcast
from services.common.errors import AppError, Kind
from services.common.rpc_call import Context

_COLUMNS = {"start_time": "create_time", "end_time": "update_time"}
"""Where a broadcast's row has what lists are sorted by."""


class BroadcastServicer(BroadcastServiceServicer):
    """Broadcasts of a livestream."""

    def __init__(self, livestreams: Livestreams, catalog: Catalog[BroadcastRecord], urls: Urls) -> None:
        self._livestreams = livestreams
        self._catalog = catalog
        self._urls = urls

    async def ListBroadcasts(self, request: pb.ListBroadcastsRequest, _context: Context) -> pb.ListBroadcastsResponse:  # noqa: N802  gRPC's
        await self._livestreams.get(request.livestream_id)
        order, kept = listing.Order.of(request.order_by or "start_time desc"), self._livestreams.records.broadcasts
        field = _COLUMNS[order.field]
        query = replace(query_of(request), app="", states=frozenset(request.states))  # the livestream is the caller's
        rows = self._catalog.pick(query, kept.keys(request.livestream_id), field)
        page = listing.cut(rows, order, value_of(field), listing.Cut.of(request))
        found = (kept.peek(row.key) for row in page.items)
        return pb.ListBroadcastsResponse(
            broadcasts=[
                public_broadcast(stored.record, self._urls) async for stored in breathing(found) if stored is not None
            ],
            next_page_token=page.after,
            total_count=page.total,
        )

    async def GetBroadcast(self, request: pb.GetBroadcastRequest, _context: Context) -> pb.Broadcast:  # noqa: N802  gRPC's
        await self._livestreams.get(request.livestream_id)
        stored = await self._livestreams.records.broadcasts.get(request.id)
        if stored is None or stored.record.livestream_id != request.livestream_id:
            raise AppError(Kind.NOT_FOUND, f"the livestream has no broadcast {request.id}")
        return public_broadcast(stored.record, self._urls)
