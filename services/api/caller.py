"""Who makes the present call, and in which tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from headwater.v1.tokens_pb2 import Token

DEFAULT = "default"
"""The tenant, and in each tenant the app, that is always there."""

ADMIN = "admin"
"""The token id of the installation's admin token."""

Scope: TypeAlias = Token.Scope.ValueType


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes the present call. It sees and changes what belongs to `tenant_id`, and nothing else."""

    scope: Scope
    tenant_id: str = DEFAULT
    token_id: str = ADMIN
    is_installation_admin: bool = False
    app_id: str = ""
    """The app that the call names; empty: all of the tenant's."""

    @property
    def sees_keys(self) -> bool:
        """Stream keys are as good as the right to send."""
        return self.scope >= Token.WRITE

    def within(self, tenant_id: str, app_id: str = "") -> "Caller":
        """The same one in a tenant, and in an app of it."""
        return replace(self, tenant_id=tenant_id, app_id=app_id)


_caller: ContextVar[Caller] = ContextVar("caller")


def caller() -> Caller:
    """The caller of the present call; LookupError outside of one."""
    return _caller.get()


@contextmanager
def calling(who: Caller) -> Iterator[None]:
    """What runs inside is called by `who`."""
    reset = _caller.set(who)
    try:
        yield
    finally:
        _caller.reset(reset)


class Belonging(Protocol):
    """A record that belongs to a tenant."""

    tenant_id: str


def tenant_of(record: Belonging) -> str:
    """Records of before there were tenants belong to the first one."""
    return record.tenant_id or DEFAULT
