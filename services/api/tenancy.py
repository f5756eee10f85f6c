"""Where a call is meant, against where its caller may act."""

from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import AppRecord, TenantRecord
from services.api.caller import DEFAULT, Caller
from services.api.repository import Repository
from services.common.errors import AppError, Kind


@dataclass(frozen=True)
class Tenancy:
    """The tenants and apps that there are."""

    tenants: Repository[TenantRecord]
    apps: Repository[AppRecord]

    async def place(self, who: Caller, tenant: str, app: str) -> Caller:
        """The caller in the tenant and app that the call names; empty: his own, and no app.

        A tenant's token works in its own alone, the admin token in each that there is. AppError: FORBIDDEN, NOT_FOUND.
        """
        wanted = tenant or who.tenant_id
        if wanted != who.tenant_id and not who.is_installation_admin:
            raise AppError(Kind.FORBIDDEN, "the token is not of this tenant")
        if wanted != DEFAULT and await self.tenants.get(wanted) is None:
            raise AppError(Kind.NOT_FOUND, f"there is no tenant {wanted}")
        if app and app != DEFAULT and await self.apps.get(app_key(wanted, app)) is None:
            raise AppError(Kind.NOT_FOUND, f"there is no app {app}")
        return who.within(wanted, app)


def app_key(tenant: str, app: str) -> str:
    """The key of an app in its bucket."""
    return f"{tenant}.{app}"
