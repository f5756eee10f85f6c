"""headwater.v1.SessionService."""

from google.protobuf.timestamp_pb2 import Timestamp

from headwater.internal.v1.records_pb2 import BroadcastRecord
from headwater.v1 import sessions_pb2 as pb
from headwater.v1.sessions_pb2_grpc import SessionServiceServicer
from services.api import listing, session
from services.api.caller import DEFAULT, caller, tenant_of
from services.api.kv_repository import tenant_group
from services.api.records import Records
from services.api.repository import Stored
from services.api.viewing import Viewing
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.rpc_call import Context

_NEWEST_FIRST: listing.Ordering[BroadcastRecord] = listing.ordering(
    "", {"create_time": lambda record: record.start_time_us}
)


class SessionServicer(SessionServiceServicer):
    """The caller's tenant's broadcasts, seen as use."""

    def __init__(self, records: Records, viewing: Viewing, clock: Clock) -> None:
        self._records = records
        self._viewing = viewing
        self._clock = clock

    async def ListSessions(self, request: pb.ListSessionsRequest, _context: Context) -> pb.ListSessionsResponse:  # noqa: N802  gRPC's
        found = self._between(
            request.livestream_id,
            request.app_id,
            request.after if request.HasField("after") else None,
            request.before if request.HasField("before") else None,
        )
        page = listing.cut(found, _NEWEST_FIRST, listing.Cut.of(request))
        records = [stored.record for stored in page.items]
        watched, now_us = await self._viewing.of(records), self._now_us()
        return pb.ListSessionsResponse(
            sessions=[session.session(record, ms, now_us) for record, ms in zip(records, watched, strict=True)],
            next_page_token=page.after,
            total_count=page.total,
        )

    async def GetSession(self, request: pb.GetSessionRequest, _context: Context) -> pb.Session:  # noqa: N802  gRPC's
        stored = await self._records.broadcasts.get(request.id)
        if stored is None or not _is_callers(stored.record, ""):
            raise AppError(Kind.NOT_FOUND, f"there is no session {request.id}")
        (watched,) = await self._viewing.of([stored.record])
        return session.session(stored.record, watched, self._now_us())

    async def GetUsage(self, request: pb.GetUsageRequest, _context: Context) -> pb.Usage:  # noqa: N802  gRPC's
        found = self._between(
            "",
            request.app_id,
            request.after if request.HasField("after") else None,
            request.before if request.HasField("before") else None,
        )
        records = [stored.record for stored in found]
        watched = await self._viewing.of(records)
        return session.usage(zip(records, watched, strict=True), self._now_us())

    def _between(
        self, livestream: str, app: str, after: Timestamp | None, before: Timestamp | None
    ) -> list[Stored[BroadcastRecord]]:
        is_in_time = listing.within(after, before)
        found = self._records.broadcasts.items(livestream or tenant_group(caller().tenant_id))
        return [each for each in found if _is_callers(each.record, app) and is_in_time(each.record.start_time_us)]

    def _now_us(self) -> int:
        return round(self._clock.now() * 1e6)


def _is_callers(record: BroadcastRecord, app: str) -> bool:
    who, its = caller(), record.app_id or DEFAULT
    return tenant_of(record) == who.tenant_id and who.app_id in {"", its} and app in {"", its}
