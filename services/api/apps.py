"""Apps: parts of a tenant."""

from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import AppRecord
from services.api.breath import breathing
from services.api.caller import DEFAULT
from services.api.kv_repository import tenant_group
from services.api.once import made_before
from services.api.records import Records
from services.api.repository import Stored
from services.api.tenancy import app_key
from services.common.clock import Clock
from services.common.errors import AppError, Kind


@dataclass(frozen=True)
class Apps:
    """The domain's apps. Every write may raise AppError(UNAVAILABLE) and may then be done or not."""

    records: Records
    clock: Clock

    async def create(self, tenant: str, app: str, name: str) -> Stored[AppRecord]:
        """AppError(CONFLICT) if the tenant has one of that id."""
        now_us = round(self.clock.now() * 1e6)
        drawn, _ = await made_before("app", lambda each: self.records.apps.get(app_key(tenant, each)), now_us)
        wanted = app or drawn
        key = app_key(tenant, wanted)
        known = await self.records.apps.get(key)
        if known is not None and known.record.order_id == drawn:
            return known  # made by this very order, whose answer was lost
        if wanted == DEFAULT or known is not None:
            raise AppError(Kind.CONFLICT, f"there is an app {wanted} already", field="app.id")
        record = AppRecord(id=wanted, tenant_id=tenant, name=name, create_time_us=now_us, order_id=drawn)
        return await self.records.apps.create(key, record)

    async def get(self, tenant: str, app: str) -> Stored[AppRecord]:
        """AppError(NOT_FOUND) if the tenant has none of that id."""
        found = await self.records.apps.get(app_key(tenant, app))
        if found is None and app == DEFAULT:
            return _unwritten(tenant)
        if found is None:
            raise AppError(Kind.NOT_FOUND, f"there is no app {app}")
        return found

    def every(self, tenant: str) -> list[Stored[AppRecord]]:
        """All of a tenant, with the one that is always there and that nobody has written."""
        return [*self.records.apps.items(tenant), _unwritten(tenant)]

    async def delete(self, tenant: str, app: str) -> None:
        """AppError(FAILED_PRECONDITION) if it is not empty."""
        stored = await self.get(tenant, app)
        if app == DEFAULT:
            raise AppError(Kind.FAILED_PRECONDITION, "the first app stays")
        if not await self._is_empty(tenant, app):
            raise AppError(Kind.FAILED_PRECONDITION, "the app has livestreams or media; delete them first")
        await self.records.apps.delete(stored.key, stored.revision)

    async def _is_empty(self, tenant: str, app: str) -> bool:
        group = tenant_group(tenant)
        if any(each.record.app_id == app for each in self.records.livestreams.items(group)):
            return False
        async for each in breathing(self.records.media.items(group)):
            if each.record.app_id == app:
                return False
        return True


def _unwritten(tenant: str) -> Stored[AppRecord]:
    return Stored(app_key(tenant, DEFAULT), AppRecord(id=DEFAULT, tenant_id=tenant, name="Default"), 0)
