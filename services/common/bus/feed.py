"""An ordered ephemeral consumer that is made anew whenever its order is in doubt.

Push with flow control and idle heartbeats, nothing acknowledged (ADR-17 in spirit). nats-py's own stands still for
15 s after the server was away; this one asks again at the reconnect, at a hole in the consumer's count, at a missed
heartbeat.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from services.common.bus.connection import Bus
from services.common.bus.entry import Entry
from services.common.bus.errors import BusError, Refused, Unavailable
from services.common.bus.splitter import Message
from services.common.bus.wire import Places, is_missing, parse_answer, parse_headers, parse_place, parse_places
from services.common.log import get_logger
from services.common.tasks import cancel, spawn

HEARTBEAT_S = 1.0
_SILENCE_S = 2.5 * HEARTBEAT_S
_INACTIVE_S = 5.0
_RETRY_S = 0.2
_SECOND_NS = 1_000_000_000
_TURN = 200
"""After so many entries others have their turn: who reads a million in one go hears no heartbeat meanwhile, and
nats-server gives up a connection that takes nothing.
"""

_entry = partial(tuple.__new__, Entry)
"""A third of the time that `Entry` itself takes."""

_log = get_logger(__name__)
_names = count(1)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new consumer was made: what follows begins where `start` said at that moment."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """All that was there when the consumer was made has been handed out."""


@dataclass(frozen=True, slots=True)
class _Flow:
    """The server waits for this to be echoed once what came before it was taken."""

    reply: str


Item = Entry | Opened | CaughtUp
Start = Callable[[int | None], dict[str, Any]]
"""Given the sequence to go on after (None: this is the first), the deliver policy of the next consumer."""


class Feed:
    """Entries of a stream in order, each once, with a mark at each new beginning.

    What is held here is bounded by the server's flow-control window (at most 32 MB): it is echoed only when taken.
    """

    def __init__(self, bus: Bus, stream: str, filter_subjects: Sequence[str], start: Start) -> None:
        self._bus = bus
        self._stream = stream
        self._filters = list(filter_subjects)
        self._start = start
        self._items: deque[Item | _Flow] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._again = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._error: BusError | None = None
        self._is_closed = False
        self._consumer = ""
        self._tap = 0
        self._last: int | None = None
        self._count = 0
        self._is_behind = True
        self._heard_at = 0.0
        self._given = 0
        self._now: Callable[[], float] = float

    async def next(self) -> Item | None:
        """The next item; None after `close`. Errors: Refused where the server will never serve this."""
        if self._keeper is None and not self._is_closed:
            self._keeper = spawn(self._keep(), name=f"reader of {self._stream}")
            self._stop_listening = self._bus.add_reconnect_listener(self._again.set)
        if self._given >= _TURN:
            self._given = 0
            await asyncio.sleep(0)
        while True:
            for item in self.heard(1):
                return item
            if self._is_closed:
                return None
            if self._error is not None:
                raise self._error
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def heard(self, limit: int) -> list[Item]:
        """What need not be waited for, so many items at most."""
        found: list[Item] = []
        while self._items and len(found) < limit:
            item = self._items.popleft()
            if isinstance(item, _Flow):
                self._echo(item)
            else:
                found.append(item)
        self._given += len(found)
        return found

    async def close(self) -> None:
        """Stop and let the server forget; whoever waits in `next` gets None."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._stop_listening is not None:
            self._stop_listening()
        if self._keeper is not None:
            await cancel(self._keeper)
        self._drop_consumer()
        self._wake()

    async def _keep(self) -> None:
        while True:
            self._again.clear()
            try:
                await self._open()
            except Unavailable:
                await self._wait_again(_RETRY_S)
            except Refused as error:
                if not is_missing(error):
                    self._error = error
                    self._wake()
                    return
                _log.warning("a stream to read is not there", stream=self._stream)
                await self._wait_again(5 * _RETRY_S)
            else:
                await self._until_doubt()

    async def _wait_again(self, timeout_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._again.wait()

    async def _until_doubt(self) -> None:
        while not self._again.is_set():
            if self._silence_left() <= 0:
                await asyncio.sleep(0)  # this process may have been busy, and what it did not hear lies in the socket
            left = self._silence_left()
            if left <= 0:
                if self._bus.is_connected:
                    _log.warning("a reader heard nothing", stream=self._stream, seconds=_SILENCE_S)
                return
            await self._wait_again(left)

    def _silence_left(self) -> float:
        return self._heard_at + _SILENCE_S - self._now()

    async def _open(self) -> None:
        self._drop_consumer()
        self._count = 0
        self._is_behind = True
        self._now = asyncio.get_running_loop().time
        self._heard_at = self._now()
        await self._check_log()
        inbox = self._bus.new_inbox()
        self._consumer = f"reader-{inbox.rpartition('.')[2]}-{next(_names)}"
        self._put(Opened())
        self._tap = self._bus.add_tap(inbox, self._hear, self._hear_run)
        question = {"stream_name": self._stream, "config": self._config(inbox)}
        answer = await self._bus.api(f"CONSUMER.CREATE.{self._stream}.{self._consumer}", question)
        if self._is_behind and not self._count and not answer.get("num_pending", 0):
            self._catch_up()

    def _config(self, inbox: str) -> dict[str, Any]:
        filters = (
            {"filter_subject": self._filters[0]} if len(self._filters) == 1 else {"filter_subjects": self._filters}
        )
        return {
            "name": self._consumer,
            "deliver_subject": inbox,
            "ack_policy": "none",
            "max_deliver": 1,
            "replay_policy": "instant",
            "flow_control": True,
            "idle_heartbeat": int(HEARTBEAT_S * _SECOND_NS),
            "inactive_threshold": int(_INACTIVE_S * _SECOND_NS),
            "mem_storage": True,
            "num_replicas": 1,
            **filters,
            **self._start(self._last),
        }

    async def _check_log(self) -> None:
        if self._last is None:
            return
        info = await self._bus.api(f"STREAM.INFO.{self._stream}")
        end = int(info["state"]["last_seq"])
        if end < self._last:
            _log.error("a log was lost or shortened", stream=self._stream, had=self._last, has=end)
            self._last = 0

    def _drop_consumer(self) -> None:
        self._bus.remove_tap(self._tap)
        if self._consumer:
            with suppress(Unavailable):
                self._bus.ask(  # the server does not act on one that wants no answer; ours goes unread
                    f"$JS.API.CONSUMER.DELETE.{self._stream}.{self._consumer}", b"", decode=parse_answer
                )
        self._consumer = ""

    def _hear_run(self, messages: Sequence[Message]) -> None:
        """Entries that go on where the last one ended are taken together, anything else one by one.

        So, too, where a subject may not be readable: that entry is lost, and no other.
        """
        _, subjects, replies, headers, payloads = zip(*messages, strict=True)
        places = parse_places(replies) if b"".join(subjects).isascii() else None
        if places is None or not self._go_on(places):
            for _, *message in messages:
                self._hear(*message)
            return
        self._heard_at = self._now()
        self._count, self._last = places.counts[-1], places.sequences[-1]
        names = map(bytes.decode, subjects)
        self._items.extend(map(_entry, zip(names, places.sequences, places.times_us, payloads, headers, strict=True)))
        self._wake()

    def _go_on(self, places: Places) -> bool:
        """Whether nothing is missing, and no mark is to stand among them."""
        first = self._count + 1
        is_whole = places.counts == list(range(first, first + len(places.counts)))
        return is_whole and not (self._is_behind and 0 in places.pending)

    def _hear(self, subject: bytes, reply: bytes, headers: bytes, payload: bytes) -> None:
        self._heard_at = self._now()
        if not reply.startswith(b"$JS.ACK."):
            self._hear_control(reply, headers)
            return
        sequence, count, time_us, pending = parse_place(reply)
        if count != self._count + 1:
            self._doubt()
            return
        self._count = count
        self._last = sequence
        self._items.append(Entry(subject.decode(), sequence, time_us, payload, headers))
        if self._waiter is not None:
            self._wake()
        if self._is_behind and not pending:
            self._catch_up()

    def _hear_control(self, reply: bytes, headers: bytes) -> None:
        if reply:
            self._put(_Flow(reply.decode()))
            return
        beat = parse_headers(headers)
        if int(beat.get("Nats-Last-Consumer", self._count)) != self._count:
            self._doubt()
        elif stalled := beat.get("Nats-Consumer-Stalled"):
            self._put(_Flow(stalled))

    def _doubt(self) -> None:
        self._bus.remove_tap(self._tap)  # what this consumer still sends is void
        self._again.set()

    def _catch_up(self) -> None:
        self._is_behind = False
        self._put(CaughtUp())

    def _echo(self, flow: _Flow) -> None:
        with suppress(Unavailable):
            self._bus.publish(flow.reply)

    def _put(self, item: Item | _Flow) -> None:
        if self._items and isinstance(item, _Flow) and self._items[-1] == item:
            return
        self._items.append(item)
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
