"""How much a tenant may keep: the bytes of its recordings, against the quota that the administrator has set."""

from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import MediaRecord, TenantRecord
from services.api.catalog import Catalog
from services.api.repository import Repository
from services.common.errors import AppError, Kind
from services.common.input_rules import QUOTA_REFUSAL


@dataclass(frozen=True)
class Quotas:
    """Answers from memory. A recording counts from when it is complete until it is gone for good."""

    tenants: Repository[TenantRecord]
    media: Catalog[MediaRecord]

    def used(self, tenant: str) -> int:
        """What its recordings take up, in bytes."""
        return self.media.size(tenant)

    def is_full(self, tenant: str) -> bool:
        """Whether it has a quota, and that is used up."""
        stored = self.tenants.peek(tenant)
        quota = stored.record.storage_quota_bytes if stored is not None else 0
        return 0 < quota <= self.used(tenant)

    def full(self) -> frozenset[str]:
        """All tenants that are."""
        return frozenset(stored.key for stored in self.tenants.items() if self.is_full(stored.key))

    def check(self, tenant: str) -> None:
        """AppError(LIMIT) where nothing more may be kept."""
        if self.is_full(tenant):
            raise AppError(Kind.LIMIT, QUOTA_REFUSAL)
