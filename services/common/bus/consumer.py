"""Work from a log, shared by replicas: a durable pull consumer whose messages are handled and then acknowledged."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson

from services.common.bus.connection import Bus
from services.common.bus.entry import Entry
from services.common.bus.errors import Refused, Unavailable
from services.common.bus.pull import Pull, Taken
from services.common.bus.wire import is_missing
from services.common.log import get_logger
from services.common.telemetry import consuming

_ACK = b"+ACK"
_PROGRESS = b"+WPI"
_GIVEN_BACK = b"-NAK"
_TERMINATE = b"+TERM"
_RETRY_S = 0.2
_SECOND_NS = 1_000_000_000

_log = get_logger(__name__)


class Reject(Exception):  # noqa: N818  an order to the consumer rather than a failure
    """Raised by a handler: this message can never be handled; do not bring it again."""


class Later(Exception):  # noqa: N818  as above
    """Raised by a handler: not yet; bring this message again after `delay_s`. Nothing has failed."""

    def __init__(self, delay_s: float) -> None:
        super().__init__(delay_s)
        self.delay_s = delay_s


Handler = Callable[[Entry, int], Awaitable[None]]
"""Given a message and the attempt (from 1), returns when it is dealt with for good. Any error but Reject and Later
brings the message again after `retry_s`. A handler is repeatable: nats-server writes acknowledgements to disk a little
later, so that after kill -9 what was done in the last second comes again, and as a first attempt (seen in the tests).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerConfig:
    """A durable consumer: replicas that name the same one share its messages.

    `concurrency` handlers run at once in this process (1 keeps the order as long as nothing fails). A message whose
    holder has died comes again after `ack_wait_s`; while a handler runs the server is told so every third of it.
    """

    stream: str
    durable: str
    subjects: Sequence[str]
    concurrency: int = 1
    ack_wait_s: float = 10.0
    retry_s: float = 1.0
    max_waiting_acks: int = 1000
    replicas: int = 1

    def to_api(self) -> dict[str, Any]:
        one = len(self.subjects) == 1
        return {
            "durable_name": self.durable,
            "ack_policy": "explicit",
            "ack_wait": int(self.ack_wait_s * _SECOND_NS),
            "deliver_policy": "all",
            "max_deliver": -1,
            "max_ack_pending": self.max_waiting_acks,
            "replay_policy": "instant",
            "num_replicas": self.replicas,
            **({"filter_subject": self.subjects[0]} if one else {"filter_subjects": list(self.subjects)}),
        }


async def consume(bus: Bus, config: ConsumerConfig, handler: Handler) -> None:
    """Handle messages until cancelled, which gives back what is in hand.

    Errors: Refused where the server will never have this consumer.
    """
    consumer = _Consumer(bus, config, handler)
    await consumer.ensure()
    async with asyncio.TaskGroup() as group:
        for number in range(config.concurrency):
            group.create_task(consumer.work(), name=f"{config.durable} {number}")


class _Consumer:
    def __init__(self, bus: Bus, config: ConsumerConfig, handler: Handler) -> None:
        self._bus = bus
        self._config = config
        self._handler = handler

    async def ensure(self) -> None:
        """Create the consumer, trying until NATS and the stream are there."""
        question = {"stream_name": self._config.stream, "config": self._config.to_api()}
        verb = f"CONSUMER.DURABLE.CREATE.{self._config.stream}.{self._config.durable}"
        while True:
            try:
                await self._bus.api(verb, question)
            except Unavailable:
                await self._wait()
            except Refused as error:
                if not is_missing(error):
                    raise
                _log.warning("a stream to work from is not there", stream=self._config.stream)
                await asyncio.sleep(5 * _RETRY_S)
            else:
                return

    async def work(self) -> None:
        pull = Pull(self._bus, self._config.stream, self._config.durable)
        try:
            while True:
                try:
                    taken = await pull.take()
                except Unavailable:
                    await self._wait()
                    await self.ensure()
                else:
                    if taken is not None:
                        await self._handle(taken)
        finally:
            pull.close()

    async def _wait(self) -> None:
        if self._bus.is_connected:
            await asyncio.sleep(_RETRY_S)
        else:
            await self._bus.wait_connected()

    async def _handle(self, taken: Taken) -> None:
        try:
            span = f"{self._config.durable} takes a message"
            with self._progress(taken.reply), consuming(span, taken.entry.headers):
                await self._handler(taken.entry, taken.attempt)
        except asyncio.CancelledError:
            self._answer(taken.reply, _GIVEN_BACK)
            raise
        except Reject as error:
            _log.error("a message was given up", subject=taken.entry.subject, reason=str(error))
            self._answer(taken.reply, _TERMINATE)
        except Later as wish:
            self._answer(taken.reply, _again(wish.delay_s))
        except Exception:  # noqa: BLE001  a handler's failure is the message's, not the loop's
            _log.exception("a message failed", subject=taken.entry.subject, attempt=taken.attempt)
            self._answer(taken.reply, _again(self._config.retry_s))
        else:
            self._answer(taken.reply, _ACK)

    def _answer(self, reply: str, word: bytes) -> None:
        # One that is lost brings the message again: handlers are repeatable.
        with suppress(Unavailable):
            self._bus.publish(reply, word)

    @contextmanager
    def _progress(self, reply: str) -> Iterator[None]:
        """Tells the server while the block runs that the message is in hand."""
        ticker = _Ticker(self._config.ack_wait_s / 3, lambda: self._answer(reply, _PROGRESS))
        try:
            yield
        finally:
            ticker.stop()


def _again(delay_s: float) -> bytes:
    return b"-NAK " + orjson.dumps({"delay": int(delay_s * _SECOND_NS)})


class _Ticker:
    """Calls `tick` each `each_s` seconds; cheaper than a task, for messages that take no time at all."""

    def __init__(self, each_s: float, tick: Callable[[], None]) -> None:
        self._each_s = each_s
        self._tick = tick
        self._timer = asyncio.get_running_loop().call_later(each_s, self._go)

    def stop(self) -> None:
        self._timer.cancel()

    def _go(self) -> None:
        self._tick()
        self._timer = asyncio.get_running_loop().call_later(self._each_s, self._go)
