"""headwater.v1.TokenService."""

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import TokenRecord
from headwater.v1 import tokens_pb2 as pb
from headwater.v1.tokens_pb2_grpc import TokenServiceServicer
from services.api.audit import Audit, Audited
from services.api.caller import caller, tenant_of
from services.api.listing import NEVER
from services.api.once import id_of
from services.api.repository import Repository
from services.api.short_list import ShortList
from services.api.view import timestamp
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import digest, new_token
from services.common.rpc_call import Context

_LIST = ShortList[TokenRecord](
    lambda each: each.create_time_us,
    {"last_use_time": lambda each: each.last_use_time_us, "expire_time": lambda each: each.expire_time_us or NEVER},
    lambda each: each.name,
)


class TokenServicer(TokenServiceServicer):
    """API tokens of the caller's tenant; only their hashes are kept."""

    def __init__(self, tokens: Repository[TokenRecord], clock: Clock, audit: Audit) -> None:
        self._tokens = tokens
        self._clock = clock
        self._audit = audit

    async def CreateToken(self, request: pb.CreateTokenRequest, _context: Context) -> pb.Token:  # noqa: N802  gRPC's
        who, secret, now_us = caller(), new_token(), round(self._clock.now() * 1e6)
        drawn = id_of("token")
        record = TokenRecord(
            id=drawn,
            name=request.token.name,
            scope=_scope(request.token),
            create_time_us=now_us,
            tenant_id=who.tenant_id,
            expire_time_us=_expiry(request.token, now_us),
        )
        await self._tokens.create(digest(secret), record)
        await self._forget_others(who.tenant_id, drawn, digest(secret))
        self._audit.created(Audited.TOKEN, record.id)
        shown = _show(record)
        shown.secret = secret
        return shown

    async def _forget_others(self, tenant: str, token: str, kept: str) -> None:
        """An order that came again has made a token before, whose secret nobody was told."""
        for stored in self._tokens.items(tenant):
            if stored.record.id == token and stored.key != kept:
                await self._tokens.delete(stored.key)

    async def ListTokens(self, request: pb.ListTokensRequest, _context: Context) -> pb.ListTokensResponse:  # noqa: N802  gRPC's
        page = _LIST.page(
            request,
            self._tokens.items(caller().tenant_id),
            lambda record: request.scope in {pb.Token.SCOPE_UNSPECIFIED, record.scope},
        )
        return pb.ListTokensResponse(
            tokens=[_show(stored.record) for stored in page.items],
            next_page_token=page.after,
            total_count=page.total,
        )

    async def DeleteToken(self, request: pb.DeleteTokenRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        who = caller()
        for stored in self._tokens.items(who.tenant_id):
            if stored.record.id == request.id:
                await self._tokens.delete(stored.key)
                self._audit.deleted(Audited.TOKEN, request.id)
                return Empty()
        raise AppError(Kind.NOT_FOUND, f"there is no token {request.id}")


def _scope(given: pb.Token) -> pb.Token.Scope.ValueType:
    if not given.scope:
        raise AppError(Kind.INVALID, "must be READ, WRITE or ADMIN", field="token.scope")
    return given.scope


def _expiry(given: pb.Token, now_us: int) -> int:
    """In microseconds since the Unix epoch; 0: never."""
    if not given.HasField("expire_time"):
        return 0
    expire_time_us = given.expire_time.ToMicroseconds()
    if expire_time_us <= now_us:
        raise AppError(Kind.INVALID, "must be in the future", field="token.expireTime")
    return expire_time_us


def _show(record: TokenRecord) -> pb.Token:
    """Without its secret, which nobody has any more."""
    return pb.Token(
        id=record.id,
        name=record.name,
        scope=record.scope,
        tenant_id=tenant_of(record),
        create_time=timestamp(record.create_time_us),
        last_use_time=timestamp(record.last_use_time_us),
        expire_time=timestamp(record.expire_time_us),
    )
