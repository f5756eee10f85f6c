"""headwater.v1.LivestreamService."""

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord
from headwater.v1 import livestreams_pb2 as pb
from headwater.v1.livestreams_pb2_grpc import LivestreamServiceServicer
from services.api import view
from services.api.access import caller
from services.api.changes import changed_fields, check_etag
from services.api.deletion import Deletion
from services.api.livestreams import Livestreams
from services.api.paging import page_size
from services.api.repository import Stored
from services.common.errors import AppError, Kind
from services.common.ids import is_id
from services.common.rpc_call import Context

WINDOW_MS = 120_000
"""The reconnect window of a livestream that sets none."""

_SETTABLE = ("name", "metadata", "reconnect_window", "fail_back", "record")


class LivestreamServicer(LivestreamServiceServicer):
    """Orders about livestreams in, livestreams as callers may see them out."""

    def __init__(self, livestreams: Livestreams, deletion: Deletion, urls: view.Urls) -> None:
        self._livestreams = livestreams
        self._deletion = deletion
        self._urls = urls

    async def CreateLivestream(self, request: pb.CreateLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        draft = LivestreamRecord()
        draft.rules.reconnect_window_ms, draft.rules.record = WINDOW_MS, True
        _take(draft, request.livestream, changed_fields(request.livestream, None, _SETTABLE))
        return self._show(await self._livestreams.create(draft))

    async def GetLivestream(self, request: pb.GetLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.get(request.id))

    async def ListLivestreams(  # noqa: N802  gRPC's
        self, request: pb.ListLivestreamsRequest, _context: Context
    ) -> pb.ListLivestreamsResponse:
        now_us, part = self._livestreams.now_us(), request.name.casefold()

        def wanted(record: LivestreamRecord) -> bool:
            if record.delete_time_us or part not in record.name.casefold():
                return False
            return not request.state or request.state == view.standing_of(record, self._newest(record), now_us).state

        page = self._livestreams.records.livestreams.page(
            after=request.page_token, limit=page_size(request.page_size), wanted=wanted
        )
        return pb.ListLivestreamsResponse(
            livestreams=[self._show(stored) for stored in page.items],
            next_page_token=page.after,
            total_count=page.total,
        )

    async def UpdateLivestream(self, request: pb.UpdateLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        if not is_id(request.livestream.id):
            raise AppError(Kind.INVALID, "is no id of a livestream", field="livestream.id")
        mask = request.update_mask if request.HasField("update_mask") else None
        fields = changed_fields(request.livestream, mask, _SETTABLE)
        stored = await self._livestreams.get(request.livestream.id)
        check_etag(stored, request.livestream.etag)
        record = LivestreamRecord()
        record.CopyFrom(stored.record)
        _take(record, request.livestream, fields)
        return self._show(await self._livestreams.update(stored, record))

    async def DeleteLivestream(self, request: pb.DeleteLivestreamRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        stored = await self._livestreams.get(request.id)
        check_etag(stored, request.etag)
        marked = await self._livestreams.delete(stored, deletes_media=request.delete_media)
        await self._deletion.begin(marked)
        return Empty()

    async def ActivateLivestream(self, request: pb.ActivateLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.activate(request.id))

    async def IdleLivestream(self, request: pb.IdleLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.idle(request.id))

    def _newest(self, record: LivestreamRecord) -> BroadcastRecord | None:
        return self._livestreams.newest_broadcast(record.id)

    def _show(self, stored: Stored[LivestreamRecord]) -> pb.Livestream:
        keys, livestream = self._livestreams.keys, stored.key
        return view.livestream(
            stored,
            self._newest(stored.record),
            urls=self._urls,
            now_us=self._livestreams.now_us(),
            open_key=(lambda key: keys.show(livestream, key)) if caller().sees_keys else None,
        )


def _take(record: LivestreamRecord, given: pb.Livestream, fields: frozenset[str]) -> None:
    """Copy the fields a caller may set; one that is named and not given goes back to its default."""
    if "name" in fields:
        record.name = given.name
    if "metadata" in fields:
        record.metadata.clear()
        record.metadata.update(given.metadata)
    if "reconnect_window" in fields:
        is_given = given.HasField("reconnect_window")
        record.rules.reconnect_window_ms = given.reconnect_window.ToMilliseconds() if is_given else WINDOW_MS
    if "fail_back" in fields:
        record.rules.fail_back = given.fail_back
    if "record" in fields:
        record.rules.record = given.record or not given.HasField("record")
