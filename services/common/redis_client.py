"""Redis, thin: commands as data, one deadline for each call, and away is an error like any other.

Redis may be killed, emptied or hang at any time and that costs counts, never a broadcast: nothing here waits longer
than its deadline, and every failure is AppError(UNAVAILABLE).
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from services.common.errors import AppError, Kind
from services.common.log import get_logger
from services.common.redis_command import Command

TIMEOUT_S = 1.0
"""How long a call may take: Redis answers in less than a millisecond, and who waits for us has his own deadline."""

_CONNECTIONS = 16
_WATCH_S = 1.0

_log = get_logger(__name__)


class Redis:
    """A connection pool. Commands should be repeatable: one whose answer was lost may have been carried out."""

    def __init__(
        self, url: str, *, on_change: Callable[[bool], None] | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        """`on_change` is told True or False whenever it becomes known whether Redis answers. Connects when first used.

        ValueError for an URL that is none.
        """
        self._timeout_s = timeout_s
        self._on_change = on_change or (lambda _up: None)
        self._is_up: bool | None = None
        # One more try without waiting: a pooled connection may be from before a restart.
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=timeout_s,
            protocol=2,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 1),
        )
        self._client = redis.Redis(connection_pool=pool)

    async def run(self, commands: Sequence[Command], *, may_refuse: bool = False) -> list[Any]:
        """Send the commands together (not as a transaction) and give their answers in order.

        A command that Redis refuses fails the call, or with `may_refuse` has the answer None. Errors:
        AppError(UNAVAILABLE), after which some of the commands may have been carried out.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                answers = await self._send(commands)
        except (TimeoutError, OSError, RedisError) as error:
            self._note(error)
            raise AppError(Kind.UNAVAILABLE, "Redis is away", retry_after_s=1.0) from error
        refusal = next((answer for answer in answers if isinstance(answer, RedisError)), None)
        if refusal is not None and not (may_refuse and isinstance(refusal, ResponseError)):
            self._note(refusal)
            raise AppError(Kind.UNAVAILABLE, "Redis refuses", retry_after_s=1.0) from refusal
        self._note(None)
        return [None if isinstance(answer, RedisError) else answer for answer in answers]

    async def _send(self, commands: Sequence[Command]) -> list[Any]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            return await pipeline.execute(raise_on_error=False)

    def _note(self, error: BaseException | None) -> None:
        is_up = error is None
        if is_up == self._is_up:
            return
        if error is not None:
            _log.warning("lost Redis", reason=str(error) or type(error).__name__)
        elif self._is_up is not None:
            _log.info("back on Redis")
        self._is_up = is_up
        self._on_change(is_up)

    async def watch(self) -> None:
        """Ask each second whether Redis answers, for ever, so that `on_change` is told also while nobody asks."""
        while True:
            with suppress(AppError):  # noted by the call
                await self.run([("PING",)])
            await asyncio.sleep(_WATCH_S)

    async def close(self) -> None:
        await self._client.aclose()
        await self._client.connection_pool.disconnect()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()
