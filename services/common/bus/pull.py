"""Taking one message at a time from a durable consumer."""

import asyncio
from collections import deque
from dataclasses import dataclass

import orjson

from services.common.bus.connection import Bus
from services.common.bus.entry import Entry
from services.common.bus.errors import Unavailable
from services.common.bus.wire import parse_delivery, status_of

ASK_S = 5.0
"""How long a question stays with the server before it is asked again."""

_QUESTION = orjson.dumps({"batch": 1, "expires": int(ASK_S * 1_000_000_000)})
_TIME_IS_UP = (404, 408)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that is ours until its acknowledgement time runs out; `attempt` counts from 1."""

    entry: Entry
    attempt: int
    reply: str


class Pull:
    """One worker's end: it asks when it is free, and asks again at once when NATS is back."""

    def __init__(self, bus: Bus, stream: str, durable: str) -> None:
        self._bus = bus
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = bus.new_inbox()
        self._tap = bus.add_tap(self._inbox, self._hear)
        self._unlisten = bus.add_reconnect_listener(self._wake)
        self._taken: deque[Taken] = deque()
        self._status = 0
        self._woken = asyncio.Event()

    async def take(self) -> Taken | None:
        """The next message, None if none came in time. Errors: Unavailable, also where the consumer is gone."""
        if not self._taken:
            self._status = 0
            self._woken.clear()
            self._bus.publish(self._subject, _QUESTION, reply=self._inbox)
            await self._wait()
        if self._taken:
            return self._taken.popleft()
        if self._status and self._status not in _TIME_IS_UP:
            raise Unavailable(f"the consumer answers {self._status}")
        return None

    def close(self) -> None:
        self._unlisten()
        self._bus.remove_tap(self._tap)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(ASK_S + 1.0):
                await self._woken.wait()
        except TimeoutError:
            return

    def _hear(self, subject: bytes, reply: bytes, headers: bytes, payload: bytes) -> None:
        if reply.startswith(b"$JS.ACK."):
            delivery = parse_delivery(reply)
            entry = Entry(subject.decode(), delivery.stream_sequence, delivery.time_us, payload, headers)
            self._taken.append(Taken(entry, delivery.attempt, reply.decode()))
        else:
            self._status = status_of(headers)
        self._wake()

    def _wake(self) -> None:
        self._woken.set()
