"""Sends what is due, so much at a time; every replica does it, and the records say who has what in hand."""

import asyncio
from collections.abc import Awaitable, Callable

from headwater.internal.v1.webhooks_pb2 import DeliveryRecord
from services.api.webhooks import schedule
from services.api.webhooks.agenda import Agenda
from services.common.clock import Clock
from services.common.errors import AppError
from services.common.log import get_logger

AGAIN_S = 0.5
"""After an attempt that was not ours, or could not be written: by then the read model knows more."""

SLOW_S = 2.0
"""Who takes longer to answer waits for others from then on, until he is quick again."""

_LOOK_EACH_S = 30.0

_log = get_logger(__name__)

Attempt = Callable[[str], Awaitable[None]]


class Dispatcher:
    """`notice` is told of every change of a delivery; `run` starts attempts."""

    def __init__(self, clock: Clock, agenda: Agenda | None = None) -> None:
        self._clock = clock
        self._news = asyncio.Event()
        self.agenda = agenda or Agenda()

    def notice(self, key: str, record: DeliveryRecord | None) -> None:
        """A delivery has changed; None: it is gone."""
        due_us = schedule.due_us(record) if record is not None else None
        if record is None or due_us is None:
            self.agenda.drop(key)
        else:
            self.agenda.put(key, due_us, record.webhook_id, record.tenant_id)
        self._news.set()

    async def run(self, attempt: Attempt) -> None:
        """Start attempts until cancelled; those under way are cancelled too, and come again from their records."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._news.clear()
                for key in self.agenda.start(self._now_us()):
                    group.create_task(self._try(key, attempt), name=f"delivery {key}")
                await self._wait()

    async def _try(self, key: str, attempt: Attempt) -> None:
        began = self._clock.monotonic()
        try:
            await attempt(key)
        except AppError as error:
            _log.info("a delivery waits", delivery=key, reason=error.detail)
        except Exception:  # noqa: BLE001  one delivery's failure is not the others'
            _log.exception("a delivery failed", delivery=key)
        finally:
            was_slow = self._clock.monotonic() - began >= SLOW_S
            self.agenda.done(key, self._now_us() + round(AGAIN_S * 1e6), was_slow=was_slow)
            self._news.set()

    async def _wait(self) -> None:
        next_us = self.agenda.next_us()
        wait_s = _LOOK_EACH_S if next_us is None else min(_LOOK_EACH_S, max(0.0, (next_us - self._now_us()) / 1e6))
        try:
            async with asyncio.timeout(wait_s):
                await self._news.wait()
        except TimeoutError:
            return

    def _now_us(self) -> int:
        return round(self._clock.now() * 1e6)
