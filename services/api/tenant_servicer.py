"""headwater.v1.TenantService."""

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import TenantRecord
from headwater.v1 import tenants_pb2 as pb
from headwater.v1.tenants_pb2_grpc import TenantServiceServicer
from services.api.audit import Audit, Audited
from services.api.changes import changed_fields, check_etag
from services.api.emptied import emptied
from services.api.once import id_of
from services.api.quotas import Quotas
from services.api.repository import Stored
from services.api.short_list import ShortList
from services.api.tenants import Tenants
from services.api.versions import catch_up
from services.api.view import timestamp
from services.common.errors import AppError, Kind
from services.common.rpc_call import Context

_SETTABLE = ("name", "storage_quota_bytes")
_LIST = ShortList[TenantRecord](
    lambda each: each.create_time_us, {"update_time": lambda each: each.update_time_us}, lambda each: each.name
)


class TenantServicer(TenantServiceServicer):
    """Orders about tenants in; the access guard has seen that the installation's administrator gives them."""

    def __init__(self, tenants: Tenants, quotas: Quotas, audit: Audit) -> None:
        self._tenants = tenants
        self._quotas = quotas
        self._audit = audit

    async def CreateTenant(self, request: pb.CreateTenantRequest, _context: Context) -> pb.Tenant:  # noqa: N802  gRPC's
        draft = TenantRecord(id=request.tenant.id)
        _take(draft, request.tenant, frozenset(_SETTABLE))
        made = await self._tenants.create(draft)
        self._audit.created(Audited.TENANT, made.key, tenant=made.key)
        return self._show(made)

    async def GetTenant(self, request: pb.GetTenantRequest, _context: Context) -> pb.Tenant:  # noqa: N802  gRPC's
        return self._show(await self._tenants.get(request.id))

    async def ListTenants(self, request: pb.ListTenantsRequest, _context: Context) -> pb.ListTenantsResponse:  # noqa: N802  gRPC's
        page = _LIST.page(request, self._tenants.every())
        return pb.ListTenantsResponse(
            tenants=[self._show(stored) for stored in page.items], next_page_token=page.after, total_count=page.total
        )

    async def UpdateTenant(self, request: pb.UpdateTenantRequest, _context: Context) -> pb.Tenant:  # noqa: N802  gRPC's
        if not request.tenant.id:
            raise AppError(Kind.INVALID, "is needed", field="tenant.id")
        mask = request.update_mask if request.HasField("update_mask") else None
        fields = changed_fields(request.tenant, mask, _SETTABLE, emptied())
        await catch_up(self._tenants.records.tenants, request.tenant.id, request.tenant.etag)
        stored, order = await self._tenants.get(request.tenant.id), id_of(f"update/{request.tenant.id}")
        if self._tenants.is_again(stored, order):
            return self._show(stored)
        check_etag(stored, request.tenant.etag)
        record = TenantRecord()
        record.CopyFrom(stored.record)
        record.order_id = order
        _take(record, request.tenant, fields)
        changed = await self._tenants.update(stored, record)
        self._audit.updated(Audited.TENANT, changed.key, fields, tenant=changed.key)
        return self._show(changed)

    async def DeleteTenant(self, request: pb.DeleteTenantRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._tenants.delete(request.id)
        self._audit.deleted(Audited.TENANT, request.id, tenant=request.id)
        return Empty()

    def _show(self, stored: Stored[TenantRecord]) -> pb.Tenant:
        record = stored.record
        return pb.Tenant(
            id=record.id,
            name=record.name,
            storage_quota_bytes=record.storage_quota_bytes,
            storage_used_bytes=self._quotas.used(record.id),
            create_time=timestamp(record.create_time_us),
            update_time=timestamp(record.update_time_us),
            etag=str(stored.revision),
        )


def _take(record: TenantRecord, given: pb.Tenant, fields: frozenset[str]) -> None:
    if "name" in fields:
        record.name = given.name
    if "storage_quota_bytes" in fields:
        record.storage_quota_bytes = given.storage_quota_bytes
