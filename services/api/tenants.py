"""Tenants, who cannot see each other."""

from dataclasses import dataclass
from typing import Any

from headwater.internal.v1.records_pb2 import TenantRecord
from services.api.caller import DEFAULT, tenant_of
from services.api.kv_repository import tenant_group
from services.api.once import is_recent, made_before
from services.api.records import Records
from services.api.repository import Repository, Stored
from services.common.clock import Clock
from services.common.errors import AppError, Kind


@dataclass(frozen=True)
class Tenants:
    """The domain's tenants. Every write may raise AppError(UNAVAILABLE) and may then be done or not."""

    records: Records
    clock: Clock
    further: tuple[Repository[Any], ...] = ()
    """What else may belong to a tenant, and must be gone before it goes."""
    keys: tuple[Repository[Any], ...] = ()
    """What else opens something in its name, grouped by tenant, and goes with it."""

    async def create(self, draft: TenantRecord) -> Stored[TenantRecord]:
        """AppError(CONFLICT) if there is one of that id."""
        record = TenantRecord()
        record.CopyFrom(draft)
        drawn, _ = await made_before("tenant", self.records.tenants.get, self._now_us())
        record.id, record.order_id = draft.id or drawn, drawn
        record.create_time_us = record.update_time_us = self._now_us()
        known = await self.records.tenants.get(record.id)
        if known is not None and known.record.order_id == drawn:
            return known  # made by this very order, whose answer was lost
        if record.id == DEFAULT or known is not None:
            raise AppError(Kind.CONFLICT, f"there is a tenant {record.id} already", field="tenant.id")
        return await self.records.tenants.create(record.id, record)

    async def get(self, tenant: str) -> Stored[TenantRecord]:
        """AppError(NOT_FOUND) if there is none."""
        found = await self.records.tenants.get(tenant)
        if found is None and tenant == DEFAULT:
            return _unwritten()
        if found is None:
            raise AppError(Kind.NOT_FOUND, f"there is no tenant {tenant}")
        return found

    def every(self) -> list[Stored[TenantRecord]]:
        """All there are, with the one that is always there and that perhaps nobody has written."""
        kept = self.records.tenants.each()
        return kept if self.records.tenants.peek(DEFAULT) is not None else [*kept, _unwritten()]

    async def update(self, stored: Stored[TenantRecord], record: TenantRecord) -> Stored[TenantRecord]:
        """Write over what was read."""
        record.update_time_us = self._now_us()
        if not stored.revision:
            return await self.records.tenants.create(record.id, record)
        return await self.records.tenants.update(record.id, record, stored.revision)

    async def delete(self, tenant: str) -> None:
        """With its keys, which may not outlive it. AppError(FAILED_PRECONDITION) if it is not empty."""
        stored = await self.get(tenant)
        if tenant == DEFAULT:
            raise AppError(Kind.FAILED_PRECONDITION, "the first tenant stays")
        if not self._is_empty(tenant):
            raise AppError(Kind.FAILED_PRECONDITION, "the tenant is not empty; delete first what it has")
        going: tuple[Repository[Any], ...] = (self.records.tokens, *self.keys, self.records.apps)
        for repository in going:
            for each in repository.items(tenant):
                await repository.delete(each.key)
        await self.records.tenants.delete(tenant, stored.revision)

    def is_again(self, stored: Stored[TenantRecord], order: str) -> bool:
        """Whether the order of this id was the last one to be carried out."""
        return stored.record.order_id == order and is_recent(stored.record.update_time_us, self._now_us())

    def _now_us(self) -> int:
        return round(self.clock.now() * 1e6)

    def _is_empty(self, tenant: str) -> bool:
        group = tenant_group(tenant)
        if self.records.livestreams.items(group, limit=1) or self.records.media.items(group, limit=1):
            return False
        return not any(tenant_of(stored.record) == tenant for kept in self.further for stored in kept.items())


def _unwritten() -> Stored[TenantRecord]:
    return Stored(DEFAULT, TenantRecord(id=DEFAULT, name="Default"), 0)
