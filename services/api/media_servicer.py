"""headwater.v1.MediaService."""

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1 import media_pb2 as pb
from headwater.v1.media_pb2_grpc import MediaServiceServicer
from services.api import listing, view
from services.api.breath import breathing
from services.api.caller import tenant_of
from services.api.captions import CONTENT_TYPE, Captions
from services.api.catalog import Catalog
from services.api.changes import changed_fields, check_etag
from services.api.clips import clip
from services.api.emptied import emptied
from services.api.media_fields import SETTABLE, take
from services.api.media_thumbnails import MediaThumbnails
from services.api.once import id_of
from services.api.queries import query_of
from services.api.quotas import Quotas
from services.api.recordings import Recordings
from services.api.repository import Stored
from services.api.rows import value_of
from services.api.shelf import Rows
from services.api.thumbnails import CONTENT_TYPE as IMAGE_TYPE
from services.api.timestamps import milliseconds
from services.api.versions import catch_up
from services.common.errors import AppError, Kind
from services.common.ids import is_id
from services.common.rpc_call import Context


class MediaServicer(MediaServiceServicer):
    """Recordings and the files made from them."""

    def __init__(
        self,
        recordings: Recordings,
        captions: Captions,
        thumbnails: MediaThumbnails,
        urls: view.Urls,
        catalog: Catalog[MediaRecord],
        *,
        quotas: Quotas,
    ) -> None:
        self._recordings = recordings
        self._captions = captions
        self._thumbnails = thumbnails
        self._catalog = catalog
        self._urls = urls
        self._quotas = quotas

    async def ListMedia(self, request: pb.ListMediaRequest, _context: Context) -> pb.ListMediaResponse:  # noqa: N802  gRPC's
        order, media = listing.Order.of(request.order_by), self._recordings.records.media
        rows = self._rows(request, order)
        page = listing.cut(rows, order, value_of(order.field), listing.Cut.of(request))
        found = (media.peek(row.key) for row in page.items)
        return pb.ListMediaResponse(
            media=[self._show(stored) async for stored in breathing(found) if stored is not None],
            next_page_token=page.after,
            total_count=page.total,
            total_duration=milliseconds(rows.duration() // 1000) if request.sum_up else None,
        )

    def _rows(self, request: pb.ListMediaRequest, order: listing.Order) -> Rows:
        query, media = query_of(request), self._recordings.records.media
        if request.ids and request.livestream_id:
            keys = frozenset(request.ids) & frozenset(media.keys(request.livestream_id))
            return self._catalog.pick(query, keys, order.field)
        if request.ids:
            return self._catalog.pick(query, request.ids, order.field)
        if request.livestream_id:
            return self._catalog.pick(query, media.keys(request.livestream_id), order.field)
        return self._catalog.find(query, order.field)

    async def GetMedia(self, request: pb.GetMediaRequest, _context: Context) -> pb.Media:  # noqa: N802  gRPC's
        return self._show(await self._recordings.get(request.id))

    async def UpdateMedia(self, request: pb.UpdateMediaRequest, _context: Context) -> pb.Media:  # noqa: N802  gRPC's
        if not is_id(request.media.id):
            raise AppError(Kind.INVALID, "is no id of a media", field="media.id")
        mask = request.update_mask if request.HasField("update_mask") else None
        fields = changed_fields(request.media, mask, SETTABLE, emptied())
        await catch_up(self._recordings.records.media, request.media.id, request.media.etag)
        stored, order = await self._recordings.get_present(request.media.id), id_of(f"update/{request.media.id}")
        if self._recordings.is_again(stored, order):
            return self._show(await self._recordings.again(stored))
        check_etag(stored, request.media.etag)
        record = MediaRecord()
        record.CopyFrom(stored.record)
        take(record, request.media, fields)
        return self._show(await self._recordings.update(stored, record, fields, order))

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

    async def DeleteDownload(self, request: pb.DeleteDownloadRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        stored = await self._recordings.get_present(request.media_id)
        await self._recordings.delete_file(stored, pb.Download.Format.Name(request.format))
        return Empty()

    async def ClipMedia(self, request: pb.ClipMediaRequest, _context: Context) -> pb.Media:  # noqa: N802  gRPC's
        source = await self._recordings.get_present(request.id)
        self._quotas.check(tenant_of(source.record))
        return self._show(await clip(self._recordings, source, request))

    async def ListCaptions(self, request: pb.ListCaptionsRequest, _context: Context) -> pb.ListCaptionsResponse:  # noqa: N802  gRPC's
        record = (await self._recordings.get_present(request.media_id)).record
        return pb.ListCaptionsResponse(
            captions=[view.caption(record, each.language, self._urls) for each in record.captions]
        )

    async def GetCaption(self, request: pb.GetCaptionRequest, _context: Context) -> HttpBody:  # noqa: N802  gRPC's
        text = await self._captions.get(request.media_id, request.language)
        return HttpBody(content_type=CONTENT_TYPE, data=text)

    async def UpdateCaption(self, request: pb.UpdateCaptionRequest, _context: Context) -> pb.Caption:  # noqa: N802  gRPC's
        record = await self._captions.put(request.media_id, request.language, request.text.data)
        return view.caption(record, request.language, self._urls)

    async def DeleteCaption(self, request: pb.DeleteCaptionRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._captions.delete(request.media_id, request.language)
        return Empty()

    async def GetMediaThumbnail(self, request: pb.GetMediaThumbnailRequest, _context: Context) -> HttpBody:  # noqa: N802  gRPC's
        return HttpBody(content_type=IMAGE_TYPE, data=await self._thumbnails.get(request.media_id))

    async def UpdateMediaThumbnail(self, request: pb.UpdateMediaThumbnailRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._thumbnails.put(request.media_id, request.image.data)
        return Empty()

    async def DeleteMediaThumbnail(self, request: pb.DeleteMediaThumbnailRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._thumbnails.delete(request.media_id)
        return Empty()

    def _show(self, stored: Stored[MediaRecord]) -> pb.Media:
        shown = view.media(stored, self._recordings.files(stored.key), self._urls)
        if shown.state == pb.Media.FINISHING and shown.clipped_from:
            shown.percent = self._recordings.clip_percent(stored.key)
        return shown
