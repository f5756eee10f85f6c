"""headwater.v1.SessionService."""

from collections.abc import Iterable

from headwater.internal.v1.records_pb2 import BroadcastRecord
from headwater.v1 import sessions_pb2 as pb
from headwater.v1.sessions_pb2_grpc import SessionServiceServicer
from services.api import listing, session
from services.api.breath import breathing
from services.api.caller import DEFAULT, caller, tenant_of
from services.api.catalog import Catalog
from services.api.queries import query_of
from services.api.records import Records
from services.api.row import Query
from services.api.rows import value_of
from services.api.shelf import Rows
from services.api.viewing import Viewing
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.rpc_call import Context

_NEWEST_FIRST = listing.Order.of("")
_AT_ONCE = 500


class SessionServicer(SessionServiceServicer):
    """The caller's tenant's broadcasts, seen as use."""

    def __init__(self, records: Records, catalog: Catalog[BroadcastRecord], viewing: Viewing, clock: Clock) -> None:
        self._records = records
        self._catalog = catalog
        self._viewing = viewing
        self._clock = clock

    async def ListSessions(self, request: pb.ListSessionsRequest, _context: Context) -> pb.ListSessionsResponse:  # noqa: N802  gRPC's
        rows = self._rows(query_of(request), request.livestream_id)
        page = listing.cut(rows, _NEWEST_FIRST, value_of("create_time"), listing.Cut.of(request))
        records = await self._records_of(row.key for row in page.items)
        watched, now_us = await self._viewing.of(records), self._now_us()
        return pb.ListSessionsResponse(
            sessions=[session.session(record, ms, now_us) for record, ms in zip(records, watched, strict=True)],
            next_page_token=page.after,
            total_count=page.total,
        )

    async def GetSession(self, request: pb.GetSessionRequest, _context: Context) -> pb.Session:  # noqa: N802  gRPC's
        stored = await self._records.broadcasts.get(request.id)
        if stored is None or not _is_callers(stored.record):
            raise AppError(Kind.NOT_FOUND, f"there is no session {request.id}")
        (watched,) = await self._viewing.of([stored.record])
        return session.session(stored.record, watched, self._now_us())

    async def GetUsage(self, request: pb.GetUsageRequest, _context: Context) -> pb.Usage:  # noqa: N802  gRPC's
        sums, keys = session.Sums(self._now_us()), list(self._rows(query_of(request), "").keys())
        for start in range(0, len(keys), _AT_ONCE):  # all of them at once would take a gigabyte
            records = await self._records_of(keys[start : start + _AT_ONCE])
            for record, ms in zip(records, await self._viewing.of(records), strict=True):
                sums.add(record, ms)
        return sums.usage()

    def _rows(self, query: Query, livestream: str) -> Rows:
        if not livestream:
            return self._catalog.find(query, "create_time")
        return self._catalog.pick(query, self._records.broadcasts.keys(livestream), "create_time")

    async def _records_of(self, keys: Iterable[str]) -> list[BroadcastRecord]:
        found = (self._records.broadcasts.peek(key) for key in keys)
        return [stored.record async for stored in breathing(found) if stored is not None]

    def _now_us(self) -> int:
        return round(self._clock.now() * 1e6)


def _is_callers(record: BroadcastRecord) -> bool:
    who = caller()
    return tenant_of(record) == who.tenant_id and who.app_id in {"", record.app_id or DEFAULT}
