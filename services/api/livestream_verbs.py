"""The verbs of headwater.v1.LivestreamService, and the history of what became of them."""

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.v1 import livestreams_pb2 as pb
from headwater.v1.livestreams_pb2_grpc import LivestreamServiceServicer
from services.api.history_page import history_page
from services.api.livestreams import Livestreams
from services.api.repository import Stored
from services.api.showing import Showing
from services.api.thumbnails import CONTENT_TYPE, Thumbnails
from services.common.rpc_call import Context


class LivestreamVerbs(LivestreamServiceServicer):
    """Orders in, the livestream as it then stands out."""

    def __init__(self, livestreams: Livestreams, showing: Showing, thumbnails: Thumbnails) -> None:
        self._livestreams = livestreams
        self._thumbnails = thumbnails
        self._showing = showing

    async def ActivateLivestream(self, request: pb.ActivateLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.activate(request.id))

    async def IdleLivestream(self, request: pb.IdleLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.idle(request.id))

    async def PublishLivestream(self, request: pb.PublishLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.publish(request.id))

    async def CompleteLivestream(self, request: pb.CompleteLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.complete(request.id))

    async def EnableLivestream(self, request: pb.EnableLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.set_enabled(request.id, is_enabled=True))

    async def DisableLivestream(self, request: pb.DisableLivestreamRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.set_enabled(request.id, is_enabled=False))

    async def RotateKeys(self, request: pb.RotateKeysRequest, _context: Context) -> pb.Livestream:  # noqa: N802  gRPC's
        return self._show(await self._livestreams.rotate_keys(request.id))

    async def ListHistory(self, request: pb.ListHistoryRequest, _context: Context) -> pb.ListHistoryResponse:  # noqa: N802  gRPC's
        stored = await self._livestreams.get(request.livestream_id)
        return history_page(self._livestreams.history(stored.record), request)

    async def GetThumbnail(self, request: pb.GetThumbnailRequest, _context: Context) -> HttpBody:  # noqa: N802  gRPC's
        image = await self._thumbnails.get(request.livestream_id)
        return HttpBody(content_type=CONTENT_TYPE, data=image)

    async def UpdateThumbnail(self, request: pb.UpdateThumbnailRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._thumbnails.put(request.livestream_id, request.image.data)
        return Empty()

    async def DeleteThumbnail(self, request: pb.DeleteThumbnailRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._thumbnails.delete(request.livestream_id)
        return Empty()

    def _show(self, stored: Stored[LivestreamRecord]) -> pb.Livestream:
        return self._showing.livestream(stored, self._livestreams.newest_broadcast(stored.key))
