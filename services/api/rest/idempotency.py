"""Orders that are carried out once however often they are sent: `Idempotency-Key`, per tenant and route.

What was answered is kept in Redis for a day, sealed, since it may hold stream keys. Where nobody remembers an answer,
as Redis is away or api was killed before it could say it, an order is carried out again, and finds what it has made
before (services/api/once.py).
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import orjson
from starlette.responses import Response

from services.api.once import KEPT_S, ordering
from services.api.rest.problem import Problem
from services.api.rest.refusal import Refusal
from services.common.errors import AppError
from services.common.redis_client import Redis
from services.common.secrets import Sealer
from services.common.tasks import cancel, spawn

HEADER = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
HELD_S = 6.0
"""Who is at work says so again and again; when he has been silent for so long he has died."""

_MAX_KEY = 255
_PREFIX = "headwater:api:idempotency:"
_AT_WORK, _DONE = b"w", b"d"
_FINGERPRINT_BYTES = 32
_PASSING = frozenset({401, 403, 408, 429})
"""Refusals that say nothing of the order itself."""

Work = Callable[[], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Order:
    """An order with a key: who sent it, where to, and what it says."""

    key: str
    tenant_id: str
    route: str
    content: bytes

    @property
    def name(self) -> str:
        """The same for the same key in one tenant at one route."""
        words = (self.tenant_id, self.route, self.key)
        return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def fingerprint(self) -> bytes:
        return hashlib.sha256(self.content).digest()


class Idempotency:
    """Remembers answers; any replica finds what another has answered."""

    def __init__(self, redis: Redis, sealer: Sealer, seed_key: bytes, *, held_s: float = HELD_S) -> None:
        self._redis = redis
        self._sealer = sealer
        self._seed_key = seed_key
        self._held_s = held_s

    async def once(self, order: Order, work: Work) -> Response:
        """The answer of `work`, now or of the first time. Refusal: 400, 409 while the first is at work, 422."""
        if not 0 < len(order.key) <= _MAX_KEY or not order.key.isascii() or not order.key.isprintable():
            raise Refusal(Problem(400, f"Idempotency-Key must have 1 to {_MAX_KEY} printable ASCII characters"))
        claim = _AT_WORK + order.fingerprint + secrets.token_bytes(16)
        found = await self._claim(order, claim)
        if found is not None and found != claim:
            return self._again(order, found)
        with ordering(hmac.digest(self._seed_key, order.name.encode() + order.fingerprint, "sha256")):
            return await (work() if found is None else self._first(order, work))

    async def _claim(self, order: Order, claim: bytes) -> bytes | None:
        """What stands under the key: this claim, an earlier one, or an answer. None: Redis is away.

        Read back, since a claim whose answer was lost is sent twice.
        """
        key = _PREFIX + order.name
        try:
            _, found = await self._redis.run([("SET", key, claim, "NX", "PX", self._held_ms), ("GET", key)])
        except AppError:
            return None
        return found if isinstance(found, bytes) else None

    def _again(self, order: Order, found: bytes) -> Response:
        fingerprint, rest = found[1 : 1 + _FINGERPRINT_BYTES], found[1 + _FINGERPRINT_BYTES :]
        if fingerprint != order.fingerprint:
            raise Refusal(Problem(422, "this Idempotency-Key was used for another request"))
        if found[:1] != _DONE:
            busy = "a request with this Idempotency-Key is still being answered"
            raise Refusal(Problem(409, busy, headers={"Retry-After": "1"}))
        return _unpack(self._sealer.open(rest, _context(order)))

    async def _first(self, order: Order, work: Work) -> Response:
        key = _PREFIX + order.name
        holding = spawn(self._hold(key), name="hold an order")
        try:
            response = await work()
        finally:
            await cancel(holding)
        try:
            if response.status_code >= 500 or response.status_code in _PASSING:
                await self._redis.run([("DEL", key)])
            else:
                sealed = self._sealer.seal(_pack(response), _context(order))
                await self._redis.run([("SET", key, _DONE + order.fingerprint + sealed, "EX", KEPT_S)])
        except AppError:  # it is done; only the memory of it is lost
            return response
        return response

    async def _hold(self, key: str) -> None:
        while True:
            await asyncio.sleep(self._held_s / 3)
            with suppress(AppError):
                await self._redis.run([("PEXPIRE", key, self._held_ms)])

    @property
    def _held_ms(self) -> int:
        return round(self._held_s * 1000)


def _context(order: Order) -> str:
    return f"idempotency/{order.name}"


def _pack(response: Response) -> str:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    kept = {"status": response.status_code, "headers": headers, "body": bytes(response.body).decode()}
    return orjson.dumps(kept).decode()


def _unpack(text: str) -> Response:
    kept = orjson.loads(text)
    return Response(kept["body"], kept["status"], headers=kept["headers"] | {REPLAYED: "true"})
