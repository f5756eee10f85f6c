"""headwater.v1.MediaService."""

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1 import media_pb2 as pb
from headwater.v1.media_pb2_grpc import MediaServiceServicer
from services.api import listing, view
from services.api.caller import caller
from services.api.changes import changed_fields, check_etag
from services.api.kv_repository import tenant_group
from services.api.media_fields import SETTABLE, take
from services.api.recordings import Recordings, is_callers
from services.api.repository import Stored, Wanted
from services.common.errors import AppError, Kind
from services.common.ids import is_id
from services.common.rpc_call import Context

_SORTED_BY: dict[str, listing.SortKey[MediaRecord]] = {
    "create_time": lambda record: record.create_time_us,
    "update_time": lambda record: record.update_time_us or record.ready_time_us or record.create_time_us,
    "name": lambda record: listing.folded(record.name),
    "duration": lambda record: record.duration_us,
}

_LATER = "this is promised and not served yet"


class MediaServicer(MediaServiceServicer):
    """Recordings and the files made from them."""

    def __init__(self, recordings: Recordings, urls: view.Urls) -> None:
        self._recordings = recordings
        self._urls = urls

    async def ListMedia(self, request: pb.ListMediaRequest, _context: Context) -> pb.ListMediaResponse:  # noqa: N802  gRPC's
        wanted = _wanted(request)
        group = request.livestream_id or tenant_group(caller().tenant_id)
        found = [each for each in self._recordings.records.media.items(group) if wanted(each.record)]
        order = listing.ordering(request.order_by, _SORTED_BY)
        page = listing.cut(listing.ordered(found, order), order, listing.Cut.of(request))
        return pb.ListMediaResponse(
            media=[self._show(stored) for stored in page.items], next_page_token=page.after, total_count=page.total
        )

    async def GetMedia(self, request: pb.GetMediaRequest, _context: Context) -> pb.Media:  # noqa: N802  gRPC's
        return self._show(await self._recordings.get(request.id))

    async def UpdateMedia(self, request: pb.UpdateMediaRequest, _context: Context) -> pb.Media:  # noqa: N802  gRPC's
        if not is_id(request.media.id):
            raise AppError(Kind.INVALID, "is no id of a media", field="media.id")
        mask = request.update_mask if request.HasField("update_mask") else None
        fields = changed_fields(request.media, mask, SETTABLE)
        stored = await self._recordings.get_present(request.media.id)
        check_etag(stored, request.media.etag)
        record = MediaRecord()
        record.CopyFrom(stored.record)
        take(record, request.media, fields)
        return self._show(await self._recordings.update(stored, record, fields))

    async def DeleteMedia(self, request: pb.DeleteMediaRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        stored = await self._recordings.get(request.id)
        if request.permanent:
            await self._recordings.purge(stored)
        else:
            await self._recordings.delete(stored)
        return Empty()

    async def RestoreMedia(self, request: pb.RestoreMediaRequest, _context: Context) -> pb.Media:  # noqa: N802  gRPC's
        return self._show(await self._recordings.restore(await self._recordings.get(request.id)))

    async def CreateDownload(self, request: pb.CreateDownloadRequest, _context: Context) -> pb.Download:  # noqa: N802  gRPC's
        stored = await self._recordings.get_present(request.media_id)
        job = await self._recordings.order_file(stored, pb.Download.Format.Name(request.format))
        return view.download(job, self._urls)

    async def ListDownloads(self, request: pb.ListDownloadsRequest, _context: Context) -> pb.ListDownloadsResponse:  # noqa: N802  gRPC's
        await self._recordings.get_present(request.media_id)
        jobs = self._recordings.files(request.media_id)
        return pb.ListDownloadsResponse(downloads=[view.download(job, self._urls) for job in jobs])

    async def DeleteDownload(self, request: pb.DeleteDownloadRequest, _context: Context) -> Empty:  # noqa: ARG002, N802  gRPC's
        raise AppError(Kind.NOT_IMPLEMENTED, _LATER)

    async def ClipMedia(self, request: pb.ClipMediaRequest, _context: Context) -> pb.Media:  # noqa: ARG002, N802  gRPC's
        raise AppError(Kind.NOT_IMPLEMENTED, _LATER)

    async def ListCaptions(self, request: pb.ListCaptionsRequest, _context: Context) -> pb.ListCaptionsResponse:  # noqa: ARG002, N802  gRPC's
        raise AppError(Kind.NOT_IMPLEMENTED, _LATER)

    async def GetCaption(self, request: pb.GetCaptionRequest, _context: Context) -> HttpBody:  # noqa: ARG002, N802  gRPC's
        raise AppError(Kind.NOT_IMPLEMENTED, _LATER)

    async def UpdateCaption(self, request: pb.UpdateCaptionRequest, _context: Context) -> pb.Caption:  # noqa: ARG002, N802  gRPC's
        raise AppError(Kind.NOT_IMPLEMENTED, _LATER)

    async def DeleteCaption(self, request: pb.DeleteCaptionRequest, _context: Context) -> Empty:  # noqa: ARG002, N802  gRPC's
        raise AppError(Kind.NOT_IMPLEMENTED, _LATER)

    def _show(self, stored: Stored[MediaRecord]) -> pb.Media:
        return view.media(stored, self._recordings.files(stored.key), self._urls)


def _wanted(request: pb.ListMediaRequest) -> Wanted[MediaRecord]:
    part, shows_deleted = request.name.casefold(), request.show_deleted or request.state == pb.Media.DELETED
    is_in_time = listing.within(
        request.after if request.HasField("after") else None, request.before if request.HasField("before") else None
    )

    def wanted(record: MediaRecord) -> bool:
        if record.delete_time_us and not shows_deleted:
            return False
        if not is_callers(record) or part not in record.name.casefold():
            return False
        if request.creator and record.creator != request.creator:
            return False
        state = pb.Media.DELETED if record.delete_time_us else record.state
        return (not request.state or state == request.state) and is_in_time(record.create_time_us)

    return wanted
