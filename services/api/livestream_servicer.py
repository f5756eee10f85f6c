"""headwater.v1.LivestreamService."""

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.v1 import livestreams_pb2 as pb
from services.api import listing
from services.api.breath import breathing
from services.api.catalogs import Catalogs
from services.api.changes import changed_fields, check_etag
from services.api.deletion import Deletion
from services.api.emptied import emptied
from services.api.livestream_fields import SETTABLE, fresh, take
from services.api.livestream_verbs import LivestreamVerbs
from services.api.livestreams import Livestreams
from services.api.once import id_of
from services.api.queries import query_of
from services.api.rows import value_of
from services.api.showing import Showing
from services.api.thumbnails import Thumbnails
from services.api.versions import catch_up
from services.common.errors import AppError, Kind
from services.common.ids import is_id
from services.common.rpc_call import Context


class LivestreamServicer(LivestreamVerbs):
    """Orders about livestreams in, livestreams as callers may see them out."""

    def __init__(
        self,
        livestreams: Livestreams,
        deletion: Deletion,
        showing: Showing,
        thumbnails: Thumbnails,
        catalogs: Catalogs,
    ) -> None:
        super().__init__(livestreams, showing, thumbnails)
        self._deletion = deletion
        self._catalog = catalogs.livestreams
        self._standings = catalogs.standings

    async def CreateLivestream(self, request: pb.CreateLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        now_us = self._livestreams.now_us()
        draft = fresh(now_us)
        take(draft, request.livestream, changed_fields(request.livestream, None, SETTABLE), now_us)
        draft.app_id = request.livestream.app_id
        return self._show(await self._livestreams.create(draft))

    async def GetLivestream(self, request: pb.GetLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.get(request.id))

    async def ListLivestreams(  # noqa: N802  gRPC's
        self, request: pb.ListLivestreamsRequest, _context: Context
    ) -> pb.ListLivestreamsResponse:
        order = listing.Order.of(request.order_by)
        rows = self._catalog.find(query_of(request), order.field)
        states = {*request.states, *([request.state] if request.state else [])}
        used = request.used if request.HasField("used") else None
        if states or used is not None:
            rows = await self._standings.select(rows, states, used)
        page = listing.cut(rows, order, value_of(order.field), listing.Cut.of(request))
        found = (self._livestreams.records.livestreams.peek(row.key) for row in page.items)
        return pb.ListLivestreamsResponse(
            livestreams=[self._show(stored) async for stored in breathing(found) if stored is not None],
            next_page_token=page.after,
            total_count=page.total,
        )

    async def UpdateLivestream(self, request: pb.UpdateLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        if not is_id(request.livestream.id):
            raise AppError(Kind.INVALID, "is no id of a livestream", field="livestream.id")
        mask = request.update_mask if request.HasField("update_mask") else None
        fields = changed_fields(request.livestream, mask, SETTABLE, emptied())
        await catch_up(self._livestreams.records.livestreams, request.livestream.id, request.livestream.etag)
        stored, order = await self._livestreams.get(request.livestream.id), id_of(f"update/{request.livestream.id}")
        if self._livestreams.is_again(stored, order):
            return self._show(await self._livestreams.again(stored))
        check_etag(stored, request.livestream.etag)
        record = LivestreamRecord()
        record.CopyFrom(stored.record)
        take(record, request.livestream, fields, self._livestreams.now_us())
        return self._show(await self._livestreams.update(stored, record, fields, order))

    async def DeleteLivestream(self, request: pb.DeleteLivestreamRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await catch_up(self._livestreams.records.livestreams, request.id, request.etag)
        stored = await self._livestreams.get(request.id)
        check_etag(stored, request.etag)
        marked = await self._livestreams.delete(
            stored, deletes_media=request.delete_media, ends_broadcast=request.end_broadcast
        )
        await self._deletion.begin(marked)
        return Empty()
