"""headwater.v1.TokenService."""

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.records_pb2 import TokenRecord
from headwater.v1 import tokens_pb2 as pb
from headwater.v1.tokens_pb2_grpc import TokenServiceServicer
from services.api.paging import page_size
from services.api.repository import Repository
from services.api.view import token
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import digest, new_id, new_token
from services.common.rpc_call import Context


class TokenServicer(TokenServiceServicer):
    """API tokens; only their hashes are kept."""

    def __init__(self, tokens: Repository[TokenRecord], clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock

    async def CreateToken(self, request: pb.CreateTokenRequest, _context: Context) -> pb.Token:  # noqa: N802  gRPC's
        if not request.token.scope:
            raise AppError(Kind.INVALID, "must be READ, WRITE or ADMIN", field="token.scope")
        secret = new_token()
        record = TokenRecord(
            id=new_id(),
            name=request.token.name,
            scope=request.token.scope,
            create_time_us=round(self._clock.now() * 1e6),
        )
        await self._tokens.create(digest(secret), record)
        shown = token(record)
        shown.secret = secret
        return shown

    async def ListTokens(self, request: pb.ListTokensRequest, _context: Context) -> pb.ListTokensResponse:  # noqa: N802  gRPC's
        page = self._tokens.page(after=request.page_token, limit=page_size(request.page_size))
        return pb.ListTokensResponse(tokens=[token(stored.record) for stored in page.items], next_page_token=page.after)

    async def DeleteToken(self, request: pb.DeleteTokenRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        for stored in self._tokens.items():
            if stored.record.id == request.id:
                await self._tokens.delete(stored.key)
                return Empty()
        raise AppError(Kind.NOT_FOUND, f"there is no token {request.id}")
