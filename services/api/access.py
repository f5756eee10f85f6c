"""Who may do what: tokens, their scopes and tenants. Closed by default."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import grpc

from headwater.v1.tokens_pb2 import Token
from services.api.caller import Caller, Scope, caller, calling
from services.api.client_address import client_address
from services.api.credentials import APP_KEY, TENANT_KEY, Credential, read_credential
from services.api.id_guard import bare_id
from services.api.rate_limit import RateLimit
from services.common.errors import AppError, Kind
from services.common.proxies import Proxies
from services.common.rpc_call import EXEMPT, Context, Guard, Handler

__all__ = ["AccessGuard", "Caller", "caller", "needed_scope"]

_INSTALLATION_SERVICES = ("/headwater.v1.TenantService/",)
_ADMIN_SERVICES = (*_INSTALLATION_SERVICES, "/headwater.v1.TokenService/")
_READING = ("Get", "List")
_MAX_NAME = 64


def needed_scope(method: str) -> Scope:
    """What a gRPC method (`/headwater.v1.MediaService/GetMedia`) asks of its caller. Unknown ones ask for writing."""
    if method.startswith(_ADMIN_SERVICES):
        return Token.ADMIN
    return Token.READ if method.rpartition("/")[2].startswith(_READING) else Token.WRITE


class Identifying(Protocol):
    """Says whose a credential is; AppError where it is nobody's."""

    def knows(self, shown: Credential) -> bool: ...

    async def identify(self, shown: Credential, address: str) -> Caller: ...


class Placing(Protocol):
    """Says where a call takes place; AppError where its caller may not act."""

    async def place(self, who: Caller, tenant: str, app: str) -> Caller: ...


class AccessGuard(Guard):
    """Refuses calls without a token that is known, of this tenant and wide enough: every method needs one."""

    def __init__(
        self, authenticator: Identifying, tenancy: Placing, rate: RateLimit, proxies: Proxies | None = None
    ) -> None:
        self._authenticator = authenticator
        self._tenancy = tenancy
        self._rate = rate
        self._proxies = proxies or Proxies()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """A stranger's message stays in the network until he is known: on the wire, one message is a stream of one."""
        guarded = await super().intercept_service(continuation, handler_call_details)
        shown = read_credential(handler_call_details.invocation_metadata or ())
        is_unary = guarded is not None and guarded.unary_unary is not None
        method = str(handler_call_details.method)
        if not is_unary or method.startswith(EXEMPT) or (shown is not None and self._authenticator.knows(shown)):
            return guarded

        async def of_a_stranger(requests: AsyncIterator[Any], context: Context) -> Any:
            await self.admit(method, context)
            return await guarded.unary_unary(await anext(requests), context)

        return grpc.stream_unary_rpc_method_handler(
            of_a_stranger, guarded.request_deserializer, guarded.response_serializer
        )

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        who = await self.admit(method, context)
        self._rate.spend(who.token_id)
        with calling(who):
            yield

    async def admit(self, method: str, context: Context) -> Caller:
        """Who calls; AppError where he may not."""
        shown = read_credential(context.invocation_metadata() or ())
        if shown is None:
            raise AppError(Kind.UNAUTHENTICATED, "a token is needed: Authorization: Bearer <token>")
        who = await self._authenticator.identify(shown, client_address(context, self._proxies))
        who = await self._tenancy.place(who, _name(context, TENANT_KEY), _name(context, APP_KEY))
        if who.scope < needed_scope(method):
            wanted = Token.Scope.Name(needed_scope(method))
            raise AppError(Kind.FORBIDDEN, f"this needs a token of scope {wanted}")
        if method.startswith(_INSTALLATION_SERVICES) and not who.is_installation_admin:
            raise AppError(Kind.FORBIDDEN, "this needs the installation's admin token")
        return who


def _name(context: Context, key: str) -> str:
    for known, value in context.invocation_metadata() or ():
        if known == key and isinstance(value, str):
            return bare_id(value.strip()[:_MAX_NAME])
    return ""
