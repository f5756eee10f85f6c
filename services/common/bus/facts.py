"""Saying facts: handed over at once, written in order, kept in a bounded queue while NATS is away."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from services.common.bus.errors import BusError, Unavailable
from services.common.bus.log import Log
from services.common.log import get_logger
from services.common.tasks import cancel, spawn
from services.common.telemetry import inject

QUEUE_FACTS = 10_000
_RETRY_S = 0.2

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Fact:
    subject: str
    payload: bytes
    msg_id: str
    headers: dict[str, str]


class FactPublisher:
    """Writes facts to their stream, each once: a repeated `msg_id` is not written twice.

    When more than `limit` wait, the oldest goes; `dropped` counts them.
    """

    def __init__(self, log: Log, *, limit: int = QUEUE_FACTS) -> None:
        self._log = log
        self._limit = limit
        self._queue: deque[_Fact] = deque()
        self._news = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._writer = spawn(self._write(), name="facts")
        self.dropped = 0

    def publish(self, subject: str, payload: bytes, msg_id: str) -> None:
        """Hand a fact over; never blocks, never raises. The current trace context goes with it."""
        headers: dict[str, str] = {}
        inject(headers)
        if len(self._queue) >= self._limit:
            self._queue.popleft()
            self.dropped += 1
            _log.warning("a fact was dropped: NATS is away too long", dropped=self.dropped)
        self._queue.append(_Fact(subject, payload, msg_id, headers))
        self._empty.clear()
        self._news.set()

    async def flush(self, *, timeout_s: float = 2.0) -> bool:
        """Wait until all that was handed over is written; False if it is not by then."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def last_time_us(self, filter_subjects: Iterable[str]) -> int:
        """When the newest fact of these subjects (wildcards allowed) was written; 0: there is none. Unavailable."""
        newest = [await self._log.newest(each) for each in filter_subjects]
        return max((entry.time_us for entry in newest if entry is not None), default=0)

    async def close(self, *, timeout_s: float = 2.0) -> None:
        """Write what waits, for at most `timeout_s`; what then remains is counted as dropped and said."""
        if not await self.flush(timeout_s=timeout_s):
            self.dropped += len(self._queue)
            _log.warning("facts were left unsaid", facts=len(self._queue))
        await cancel(self._writer)

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._queue:
                fact = self._queue[0]
                if await self._try(fact) and self._queue and self._queue[0] is fact:
                    self._queue.popleft()
            self._empty.set()

    async def _try(self, fact: _Fact) -> bool:
        try:
            await self._log.append(fact.subject, fact.payload, msg_id=fact.msg_id, headers=fact.headers)
        except Unavailable:
            await self._wait()
            return False
        except (BusError, ValueError) as error:
            self.dropped += 1
            _log.error("a fact was refused", subject=fact.subject, reason=repr(error))
        return True

    async def _wait(self) -> None:
        if self._log.bus.is_connected:
            await asyncio.sleep(_RETRY_S)
        else:
            await self._log.bus.wait_connected()
