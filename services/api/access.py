"""Who may do what: tokens, their scopes and tenants. Closed by default."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from headwater.internal.v1.records_pb2 import TenantRecord, TokenRecord
from headwater.v1.tokens_pb2 import Token
from services.api.caller import ADMIN, DEFAULT, Caller, Scope, caller, calling, tenant_of
from services.api.credentials import TENANT_KEY, Credential, read_credential
from services.api.guesses import Guesses
from services.api.id_guard import bare_id
from services.api.repository import Repository
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import digest, is_same
from services.common.rpc_call import Context, Guard

__all__ = ["AccessGuard", "Caller", "caller", "needed_scope"]

_ADMIN_SERVICES = ("/headwater.v1.TenantService/", "/headwater.v1.TokenService/")
_INSTALLATION_SERVICES = ("/headwater.v1.TenantService/",)
_READING = ("Get", "List")
_MAX_TENANT = 64


def needed_scope(method: str) -> Scope:
    """What a gRPC method (`/headwater.v1.MediaService/GetMedia`) asks of its caller. Unknown ones ask for writing."""
    if method.startswith(_ADMIN_SERVICES):
        return Token.ADMIN
    return Token.READ if method.rpartition("/")[2].startswith(_READING) else Token.WRITE


class AccessGuard(Guard):
    """Refuses calls without a token that is known, of this tenant and wide enough: every method needs one."""

    def __init__(
        self, admin_token: str, tokens: Repository[TokenRecord], tenants: Repository[TenantRecord], clock: Clock
    ) -> None:
        self._admin_token = admin_token
        self._tokens = tokens
        self._tenants = tenants
        self._clock = clock
        self._guesses = Guesses(clock)

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        who = await self._who(context)
        who = await self._in_tenant(who, _text(context, TENANT_KEY))
        if who.scope < needed_scope(method):
            wanted = Token.Scope.Name(needed_scope(method))
            raise AppError(Kind.FORBIDDEN, f"this needs a token of scope {wanted}")
        if method.startswith(_INSTALLATION_SERVICES) and not who.is_installation_admin:
            raise AppError(Kind.FORBIDDEN, "this needs the installation's admin token")
        with calling(who):
            yield

    async def _who(self, context: Context) -> Caller:
        shown = read_credential(context.invocation_metadata() or ())
        if shown is None:
            raise AppError(Kind.UNAUTHENTICATED, "a token is needed: Authorization: Bearer <token>")
        return await self.identify(shown, _address(context))

    async def identify(self, shown: Credential, address: str) -> Caller:
        """Whose credential it is; AppError(UNAUTHENTICATED), and LIMIT for one address's guessing."""
        if is_same(shown.secret, self._admin_token) and shown.token_id in {"", ADMIN}:
            return Caller(Token.ADMIN, is_installation_admin=True)
        record = await self._known(shown, address)
        if 0 < record.expire_time_us <= self._clock.now() * 1e6:
            raise AppError(Kind.UNAUTHENTICATED, "the token has expired")
        return Caller(record.scope, tenant_of(record), record.id)

    async def _known(self, shown: Credential, address: str) -> TokenRecord:
        key = digest(shown.secret)
        found = self._tokens.peek(key)
        if found is None:
            self._guesses.spend(address)
            found = await self._tokens.get(key)
        if found is None or not is_same(bare_id(shown.token_id) or found.record.id, found.record.id):
            raise AppError(Kind.UNAUTHENTICATED, "the token is not known")
        return found.record

    async def _in_tenant(self, who: Caller, named: str) -> Caller:
        """A tenant's token works in its own alone; the admin token in each that there is."""
        wanted = bare_id(named[:_MAX_TENANT]) or who.tenant_id
        if wanted != who.tenant_id and not who.is_installation_admin:
            raise AppError(Kind.FORBIDDEN, "the token is not of this tenant")
        if wanted != DEFAULT and await self._tenants.get(wanted) is None:
            raise AppError(Kind.NOT_FOUND, f"there is no tenant {wanted}")
        return replace(who, tenant_id=wanted)


def _text(context: Context, name: str) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == name and isinstance(value, str):
            return value.strip()
    return ""


def _address(context: Context) -> str:
    """Without its port: `ipv4:127.0.0.1:4711` and `ipv6:[::1]:4711` as gRPC writes them."""
    peer = context.peer()
    return str(peer).rpartition(":")[0]
