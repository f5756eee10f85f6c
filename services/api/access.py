"""Who may do what: bearer tokens, their scopes, and how often one may guess."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

from headwater.internal.v1.records_pb2 import TokenRecord
from headwater.v1.tokens_pb2 import Token
from services.api.repository import Repository
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import digest, is_same
from services.common.rpc_call import Context, Guard

GUESSES = 20
GUESSES_S = 60.0
"""From one address this many unknown tokens are looked at in this time."""

_MAX_ADDRESSES = 10_000
_MAX_TOKEN = 512
_ADMIN_SERVICES = ("/headwater.v1.TokenService/",)
_READING = ("Get", "List")

Scope: TypeAlias = Token.Scope.ValueType


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes the present call."""

    scope: Scope

    @property
    def sees_keys(self) -> bool:
        """Stream keys are as good as the right to send."""
        return self.scope >= Token.WRITE


_caller: ContextVar[Caller] = ContextVar("caller")


def caller() -> Caller:
    """The caller of the present call; LookupError outside of one."""
    return _caller.get()


def needed_scope(method: str) -> Scope:
    """What a gRPC method (`/headwater.v1.MediaService/GetMedia`) asks of its caller. Unknown ones ask for writing."""
    if method.startswith(_ADMIN_SERVICES):
        return Token.ADMIN
    return Token.READ if method.rpartition("/")[2].startswith(_READING) else Token.WRITE


class AccessGuard(Guard):
    """Refuses calls without a token that is known and wide enough. Closed by default: every method needs one."""

    def __init__(self, admin_token: str, tokens: Repository[TokenRecord], clock: Clock) -> None:
        self._admin_token = admin_token
        self._tokens = tokens
        self._guesses = Guesses(clock)

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        who = await self._who(context)
        if who.scope < needed_scope(method):
            wanted = Token.Scope.Name(needed_scope(method))
            raise AppError(Kind.FORBIDDEN, f"this needs a token of scope {wanted}")
        reset = _caller.set(who)
        try:
            yield
        finally:
            _caller.reset(reset)

    async def _who(self, context: Context) -> Caller:
        token = _bearer(context)
        if not token:
            raise AppError(Kind.UNAUTHENTICATED, "a token is needed: Authorization: Bearer <token>")
        if is_same(token, self._admin_token):
            return Caller(Token.ADMIN)
        known = self._tokens.peek(digest(token))
        if known is None:
            self._guesses.spend(_address(context))
            known = await self._tokens.get(digest(token))
        if known is None:
            raise AppError(Kind.UNAUTHENTICATED, "the token is not known")
        return Caller(known.record.scope)


class Guesses:
    """How many unknown tokens an address may still show; those with a good one are never kept waiting."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spent: dict[str, tuple[float, int]] = {}

    def spend(self, address: str) -> None:
        """AppError(LIMIT) if it has shown too many."""
        now = self._clock.monotonic()
        since, count = self._spent.get(address, (now, 0))
        if now - since >= GUESSES_S:
            since, count = now, 0
        if count >= GUESSES:
            wait_s = since + GUESSES_S - now
            raise AppError(Kind.LIMIT, "too many unknown tokens from this address", retry_after_s=wait_s)
        if address not in self._spent and len(self._spent) >= _MAX_ADDRESSES:
            self._spent.pop(next(iter(self._spent)))
        self._spent[address] = (since, count + 1)


def _bearer(context: Context) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization" and isinstance(value, str):
            kind, _, token = value.partition(" ")
            return token.strip()[:_MAX_TOKEN] if kind.lower() == "bearer" else ""
    return ""


def _address(context: Context) -> str:
    """Without its port: `ipv4:127.0.0.1:4711` and `ipv6:[::1]:4711` as gRPC writes them."""
    peer = context.peer()
    return str(peer).rpartition(":")[0]
