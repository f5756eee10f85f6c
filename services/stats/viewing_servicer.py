"""headwater.internal.v1.ViewingService: what viewers have watched, for api's sessions and usage."""

from headwater.internal.v1.services_pb2 import GetViewingRequest, GetViewingResponse
from headwater.internal.v1.services_pb2_grpc import ViewingServiceServicer
from services.common.errors import AppError, Kind
from services.common.rpc_call import Context
from services.stats.repository import Repository

MOST = 1000
"""Of so many broadcasts one may ask at once."""


class ViewingServicer(ViewingServiceServicer):
    """Answers from Redis; UNAVAILABLE while it is away."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def GetViewing(self, request: GetViewingRequest, _context: Context) -> GetViewingResponse:  # noqa: N802  the proto's name
        """Milliseconds by broadcast. AppError(INVALID) for too many."""
        if len(request.broadcasts) > MOST:
            raise AppError(Kind.INVALID, f"at most {MOST} broadcasts at once", field="broadcasts")
        wanted = [(each.livestream_id, each.broadcast_id) for each in request.broadcasts]
        return GetViewingResponse(viewer_ms=await self._repository.viewing(wanted))
