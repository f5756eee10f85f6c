"""headwater.v1.AppService."""

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import AppRecord
from headwater.v1 import tenants_pb2 as pb
from headwater.v1.tenants_pb2_grpc import AppServiceServicer
from services.api.apps import Apps
from services.api.audit import Audit, Audited
from services.api.caller import caller
from services.api.repository import Stored
from services.api.short_list import ShortList
from services.api.view import timestamp
from services.common.rpc_call import Context

_LIST = ShortList[AppRecord](lambda each: each.create_time_us, {}, lambda each: each.name)


class AppServicer(AppServiceServicer):
    """Orders about the apps of the caller's tenant."""

    def __init__(self, apps: Apps, audit: Audit) -> None:
        self._apps = apps
        self._audit = audit

    async def CreateApp(self, request: pb.CreateAppRequest, _context: Context) -> pb.App:  # noqa: N802  gRPC's
        made = await self._apps.create(caller().tenant_id, request.app.id, request.app.name)
        self._audit.created(Audited.APP, made.record.id)
        return _show(made)

    async def GetApp(self, request: pb.GetAppRequest, _context: Context) -> pb.App:  # noqa: N802  gRPC's
        return _show(await self._apps.get(caller().tenant_id, request.id))

    async def ListApps(self, request: pb.ListAppsRequest, _context: Context) -> pb.ListAppsResponse:  # noqa: N802  gRPC's
        page = _LIST.page(request, self._apps.every(caller().tenant_id))
        return pb.ListAppsResponse(
            apps=[_show(stored) for stored in page.items], next_page_token=page.after, total_count=page.total
        )

    async def DeleteApp(self, request: pb.DeleteAppRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._apps.delete(caller().tenant_id, request.id)
        self._audit.deleted(Audited.APP, request.id)
        return Empty()


def _show(stored: Stored[AppRecord]) -> pb.App:
    record = stored.record
    return pb.App(id=record.id, name=record.name, create_time=timestamp(record.create_time_us))
