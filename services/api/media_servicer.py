"""headwater.v1.MediaService."""

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1 import media_pb2 as pb
from headwater.v1.media_pb2_grpc import MediaServiceServicer
from services.api import view
from services.api.changes import changed_fields, check_etag
from services.api.paging import page_size
from services.api.recordings import Recordings
from services.api.repository import Stored
from services.common.errors import AppError, Kind
from services.common.ids import is_id
from services.common.rpc_call import Context


class MediaServicer(MediaServiceServicer):
    """Recordings and the files made from them."""

    def __init__(self, recordings: Recordings, urls: view.Urls) -> None:
        self._recordings = recordings
        self._urls = urls

    async def ListMedia(self, request: pb.ListMediaRequest, _context: Context) -> pb.ListMediaResponse:  # noqa: N802  gRPC's
        def wanted(record: MediaRecord) -> bool:
            return not request.state or record.state == request.state

        page = self._recordings.records.media.page(
            after=request.page_token,
            limit=page_size(request.page_size),
            group=request.livestream_id or None,
            wanted=wanted,
        )
        return pb.ListMediaResponse(
            media=[self._show(stored) for stored in page.items], next_page_token=page.after, total_count=page.total
        )

    async def GetMedia(self, request: pb.GetMediaRequest, _context: Context) -> pb.Media:  # noqa: N802  gRPC's
        return self._show(await self._recordings.get(request.id))

    async def UpdateMedia(self, request: pb.UpdateMediaRequest, _context: Context) -> pb.Media:  # noqa: N802  gRPC's
        if not is_id(request.media.id):
            raise AppError(Kind.INVALID, "is no id of a media", field="media.id")
        mask = request.update_mask if request.HasField("update_mask") else None
        fields = changed_fields(request.media, mask, ("name", "metadata"))
        stored = await self._recordings.get(request.media.id)
        check_etag(stored, request.media.etag)
        record = MediaRecord()
        record.CopyFrom(stored.record)
        if "name" in fields:
            record.name = request.media.name
        if "metadata" in fields:
            record.metadata.clear()
            record.metadata.update(request.media.metadata)
        return self._show(await self._recordings.records.media.update(record.id, record, stored.revision))

    async def DeleteMedia(self, request: pb.DeleteMediaRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._recordings.delete(await self._recordings.get(request.id))
        return Empty()

    async def CreateDownload(self, request: pb.CreateDownloadRequest, _context: Context) -> pb.Download:  # noqa: N802  gRPC's
        stored = await self._recordings.get(request.media_id)
        job = await self._recordings.order_file(stored, pb.Download.Format.Name(request.format))
        return view.download(job, self._urls)

    async def ListDownloads(self, request: pb.ListDownloadsRequest, _context: Context) -> pb.ListDownloadsResponse:  # noqa: N802  gRPC's
        await self._recordings.get(request.media_id)
        jobs = self._recordings.files(request.media_id)
        return pb.ListDownloadsResponse(downloads=[view.download(job, self._urls) for job in jobs])

    def _show(self, stored: Stored[MediaRecord]) -> pb.Media:
        return view.media(stored, self._recordings.files(stored.key), self._urls)
