"""Stream keys of tenants whose quota is used up, or no longer is: ingest, which asks nobody, reads it there."""

import asyncio

from services.api.breath import breathing
from services.api.kv_repository import tenant_group
from services.api.livestreams import Livestreams
from services.api.quotas import Quotas
from services.common.errors import AppError
from services.common.log import get_logger

LOOK_EACH_S = 1.0

_log = get_logger(__name__)


class QuotaKeys:
    """Every replica does it; what is there already is not written again."""

    def __init__(self, livestreams: Livestreams, quotas: Quotas) -> None:
        self._livestreams = livestreams
        self._quotas = quotas
        self._full: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Until cancelled; begins when the read models are complete. What changed while nobody ran is the keeper's."""
        for _, repository in self._livestreams.records.followed():
            await repository.is_complete.wait()
        while True:
            try:
                await self.apply()
            except AppError as error:
                _log.info("keys of tenants whose quota is used up wait", reason=error.detail)
            await asyncio.sleep(LOOK_EACH_S)

    async def apply(self) -> None:
        """Write the keys of each tenant that has filled up or emptied since the last time. AppError(UNAVAILABLE)."""
        full = self._quotas.full()
        for tenant in full ^ self._full:
            is_full = tenant in full
            _log.info("storage quota", tenant=tenant, is_used_up=is_full)
            await self._publish(tenant)
            self._full = self._full | {tenant} if is_full else self._full - {tenant}

    async def _publish(self, tenant: str) -> None:
        keys = self._livestreams.keys
        async for stored in breathing(self._livestreams.records.livestreams.items(tenant_group(tenant))):
            record = stored.record
            if not record.delete_time_us and not keys.are_published(record):
                await keys.publish(record)
