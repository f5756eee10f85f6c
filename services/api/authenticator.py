"""Whose a credential is. Every secret is compared by its hash, or in constant time."""

from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import TokenRecord
from headwater.v1.tokens_pb2 import Token
from services.api.access_tokens import PREFIX, AccessTokens, Grant
from services.api.caller import ADMIN, Caller, tenant_of
from services.api.credentials import Credential
from services.api.guesses import Guesses
from services.api.id_guard import bare_id
from services.api.last_use import LastUse
from services.api.repository import Repository, Stored
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import digest, is_same

ACCESS_S = 16 * 3600
"""How long an access token is accepted."""


@dataclass(frozen=True, slots=True)
class Access:
    """An access token, and for how many seconds it is accepted."""

    token: str
    lasts_s: int


class Authenticator:
    """Knows the admin token, tokens and access tokens; slows down those who guess."""

    def __init__(
        self,
        admin_token: str,
        tokens: Repository[TokenRecord],
        access_tokens: AccessTokens,
        last_use: LastUse,
        clock: Clock,
    ) -> None:
        self._admin_digest = digest(admin_token)
        self._tokens = tokens
        self._access_tokens = access_tokens
        self._last_use = last_use
        self._clock = clock
        self._guesses = Guesses(clock)

    def knows(self, shown: Credential) -> bool:
        """Whether it can be told at once whose it is; whoever is not known may still turn out to be somebody."""
        grant = self._access_tokens.read(shown.secret) if shown.secret.startswith(PREFIX) else None
        key = grant.digest if grant else digest(shown.secret)
        return is_same(key, self._admin_digest) or self._tokens.peek(key) is not None

    async def identify(self, shown: Credential, address: str) -> Caller:
        """Whose it is. AppError: UNAUTHENTICATED; LIMIT for one address's guessing; UNAVAILABLE."""
        if shown.secret.startswith(PREFIX) and not shown.token_id:  # never as a secret for another one
            return await self._by_grant(self._read(shown.secret, address), address)
        return await self._by_digest(digest(shown.secret), bare_id(shown.token_id), address)

    async def grant(self, shown: Credential, who: Caller) -> Access:
        """An access token for `who`, whom this credential has identified."""
        now = int(self._clock.now())
        ends, key = now + ACCESS_S, digest(shown.secret)
        found = self._tokens.peek(key)
        if found is not None and found.record.expire_time_us:
            ends = min(ends, found.record.expire_time_us // 1_000_000)
        return Access(self._access_tokens.sign(Grant(key, who.tenant_id, ends)), ends - now)

    def _read(self, token: str, address: str) -> Grant:
        grant = self._access_tokens.read(token)
        if grant is None:
            self._guesses.spend(address)
            raise AppError(Kind.UNAUTHENTICATED, "the access token is not known")
        if grant.expire_time <= self._clock.now():
            raise AppError(Kind.UNAUTHENTICATED, "the access token has expired")
        return grant

    async def _by_grant(self, grant: Grant, address: str) -> Caller:
        who = await self._by_digest(grant.digest, "", address)
        return who.within(grant.tenant_id) if who.is_installation_admin else who

    async def _by_digest(self, key: str, token_id: str, address: str) -> Caller:
        if is_same(key, self._admin_digest) and token_id in {"", ADMIN}:
            return Caller(Token.ADMIN, is_installation_admin=True)
        found = await self._find(key, address)
        if found is None or not is_same(token_id or found.record.id, found.record.id):
            raise AppError(Kind.UNAUTHENTICATED, "the token is not known")
        now_us = round(self._clock.now() * 1e6)
        if 0 < found.record.expire_time_us <= now_us:
            raise AppError(Kind.UNAUTHENTICATED, "the token has expired")
        self._last_use.note(found, now_us)
        return Caller(found.record.scope, tenant_of(found.record), found.record.id)

    async def _find(self, key: str, address: str) -> Stored[TokenRecord] | None:
        found = self._tokens.peek(key)
        if found is not None:
            return found
        self._guesses.spend(address)
        return await self._tokens.get(key)
