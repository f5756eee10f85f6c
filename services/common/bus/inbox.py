"""Requests under way: one subscription for all answers, one timer for all deadlines."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from services.common.beat import until_beat
from services.common.bus.client import Tap
from services.common.bus.errors import BusError, Unavailable
from services.common.bus.wire import Reply

T = TypeVar("T")

_SWEEP_S = 0.25


class Inbox:
    """Answers find their futures by the last token of the reply subject.

    A future that failed counts as looked at, so that a caller who watches only the first of many is not told off.
    """

    def __init__(self) -> None:
        self._waiting: dict[bytes, tuple[asyncio.Future[Any], Callable[[Reply], Any], float]] = {}
        self._prefix = ""
        self._prefix_len = 0
        self._next = 0
        self._sweeping = False

    def open(self, inbox: str, add_tap: Callable[[str, Tap], int]) -> None:
        """Begin to listen; done once, nats-py keeps the subscription alive."""
        self._prefix = f"{inbox}."
        self._prefix_len = len(self._prefix)
        add_tap(f"{inbox}.*", self._answer)

    def expect(self, decode: Callable[[Reply], T | None], timeout_s: float) -> tuple[str, asyncio.Future[T]]:
        """A reply subject, and the future of what `decode` makes of what comes there within `timeout_s`."""
        loop = asyncio.get_running_loop()
        self._next += 1
        token = f"{self._next:x}"
        future: asyncio.Future[T] = loop.create_future()
        self._waiting[token.encode()] = (future, decode, loop.time() + timeout_s)
        if not self._sweeping:
            self._sweeping = True
            self._sweep_later(loop)
        return self._prefix + token, future

    def fail_all(self, reason: str) -> None:
        """Tell everybody who waits that his answer will not come."""
        waiting, self._waiting = self._waiting, {}
        for future, _, _ in waiting.values():
            _fail(future, Unavailable(reason))

    def _answer(self, subject: bytes, reply: bytes, headers: bytes, payload: bytes) -> None:
        token = subject[self._prefix_len :]
        waiting = self._waiting.get(token)
        if waiting is None:
            return
        future, decode, _ = waiting
        try:
            result = decode(Reply(subject, reply, headers, payload))
        except BusError as error:
            del self._waiting[token]
            _fail(future, error)
        except (ValueError, KeyError, TypeError) as error:
            del self._waiting[token]
            _fail(future, Unavailable(f"an answer that is none: {error!r}"))
        else:
            if result is not None:
                del self._waiting[token]
                if not future.done():
                    future.set_result(result)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        over = [token for token, (future, _, deadline) in self._waiting.items() if now >= deadline or future.done()]
        for token in over:
            _fail(self._waiting.pop(token)[0], Unavailable("no answer in time"))
        self._sweeping = bool(self._waiting)
        if self._sweeping:
            self._sweep_later(loop)

    def _sweep_later(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_later(until_beat(loop.time(), _SWEEP_S), self._sweep)


def _fail(future: asyncio.Future[Any], error: BusError) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()
