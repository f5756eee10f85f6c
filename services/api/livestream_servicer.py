"""headwater.v1.LivestreamService."""

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.v1 import livestreams_pb2 as pb
from services.api import listing
from services.api.caller import caller
from services.api.changes import changed_fields, check_etag
from services.api.deletion import Deletion
from services.api.kv_repository import tenant_group
from services.api.livestream_fields import SETTABLE, fresh, take
from services.api.livestream_verbs import LivestreamVerbs
from services.api.livestreams import Livestreams, is_callers
from services.api.repository import Wanted
from services.api.showing import Showing
from services.api.standing import standing_of
from services.common.errors import AppError, Kind
from services.common.ids import is_id
from services.common.rpc_call import Context

_SORTED_BY: dict[str, listing.SortKey[LivestreamRecord]] = {
    "create_time": lambda record: record.create_time_us,
    "update_time": lambda record: record.update_time_us,
    "name": lambda record: listing.folded(record.name),
}


class LivestreamServicer(LivestreamVerbs):
    """Orders about livestreams in, livestreams as callers may see them out."""

    def __init__(self, livestreams: Livestreams, deletion: Deletion, showing: Showing) -> None:
        super().__init__(livestreams, showing)
        self._deletion = deletion

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
        wanted = self._wanted(request)
        group = tenant_group(caller().tenant_id)
        found = [each for each in self._livestreams.records.livestreams.items(group) if wanted(each.record)]
        order = listing.ordering(request.order_by, _SORTED_BY)
        page = listing.cut(listing.ordered(found, order), order, listing.Cut.of(request))
        return pb.ListLivestreamsResponse(
            livestreams=[self._show(stored) for stored in page.items],
            next_page_token=page.after,
            total_count=page.total,
        )

    def _wanted(self, request: pb.ListLivestreamsRequest) -> Wanted[LivestreamRecord]:
        now_us, part = self._livestreams.now_us(), request.name.casefold()
        is_in_time = listing.within(
            request.after if request.HasField("after") else None,
            request.before if request.HasField("before") else None,
        )

        def wanted(record: LivestreamRecord) -> bool:
            if record.delete_time_us or not is_callers(record) or part not in record.name.casefold():
                return False
            if request.creator and record.creator != request.creator:
                return False
            if request.app_id and (record.app_id or "default") != request.app_id:
                return False
            if not is_in_time(record.create_time_us):
                return False
            newest = self._livestreams.newest_broadcast(record.id) if request.state else None
            return not request.state or request.state == standing_of(record, newest, now_us).state

        return wanted

    async def UpdateLivestream(self, request: pb.UpdateLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        if not is_id(request.livestream.id):
            raise AppError(Kind.INVALID, "is no id of a livestream", field="livestream.id")
        mask = request.update_mask if request.HasField("update_mask") else None
        fields = changed_fields(request.livestream, mask, SETTABLE)
        stored = await self._livestreams.get(request.livestream.id)
        check_etag(stored, request.livestream.etag)
        record = LivestreamRecord()
        record.CopyFrom(stored.record)
        take(record, request.livestream, fields, self._livestreams.now_us())
        return self._show(await self._livestreams.update(stored, record, fields))

    async def DeleteLivestream(self, request: pb.DeleteLivestreamRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        stored = await self._livestreams.get(request.id)
        check_etag(stored, request.etag)
        marked = await self._livestreams.delete(stored, deletes_media=request.delete_media)
        await self._deletion.begin(marked)
        return Empty()
