"""nats-py's client with a short path for our messages.

Its own path costs a task switch, a message object and an e-mail header parser per message. Here a subscription is a
`tap`: a plain function called with raw bytes as they are parsed, and a write goes to the socket at once.
What stays nats-py's: dialling, TLS, credentials, pings, reconnecting. This file is the only one that touches its
private parts; tests/common/bus/test_client.py fails when a new version moves them.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import Error, UnexpectedEOF

from services.common.bus.splitter import Message, Splitter
from services.common.bus.transport import DirectTransport
from services.common.log import get_logger
from services.common.tasks import spawn

Tap = Callable[[bytes, bytes, bytes, bytes], None]
"""Called with subject, reply subject, raw header block (or empty) and payload. Must not block."""
RunTap = Callable[[Sequence[Message]], None]
"""Called with several that came together."""

Buffer = bytes | memoryview
Payload = Buffer | tuple[Buffer, ...]
"""One that comes in pieces is written as it comes: joining media would copy all of it once more."""

_CRLF = b"\r\n"
_SUBSCRIPTION = itemgetter(0)

_log = get_logger(__name__)


def size_of(payload: Payload) -> int:
    """Bytes of a payload."""
    return sum(map(len, payload)) if isinstance(payload, tuple) else len(payload)


class TapClient(Client):
    """A nats-py client that hands tapped subscriptions their bytes directly and tells at once when it is cut off."""

    def __init__(self, on_down: Callable[[Exception], None]) -> None:
        super().__init__()
        self._taps: dict[int, Tap] = {}
        self._run_taps: dict[int, RunTap] = {}
        self._on_down = on_down
        self._wire = DirectTransport()
        self._transport = self._wire

    def send(self, subject: str, reply: str, headers: bytes, payload: Payload) -> None:
        """Write a message now; order is kept. The caller has checked subject, size and connection."""
        pieces = payload if isinstance(payload, tuple) else (payload,)
        size = len(headers) + size_of(payload)
        if headers:
            head = f"HPUB {subject} {reply} {len(headers)} {size}\r\n".encode() + headers
        else:
            head = f"PUB {subject} {reply} {size}\r\n".encode()
        self._write(head, *pieces, _CRLF)

    def add_tap(self, pattern: str, tap: Tap, run_tap: RunTap | None = None) -> int:
        """Subscribe; nats-py subscribes again after each reconnect. Returns what `remove_tap` takes.

        With `run_tap`, what came together is handed to that instead.
        """
        self._sid += 1
        sid: int = self._sid
        self._subs[sid] = Subscription(self, sid, pattern)
        self._taps[sid] = tap
        if run_tap is not None:
            self._run_taps[sid] = run_tap
        if self.is_connected:
            self._write(f"SUB {pattern}  {sid}\r\n".encode())
        return sid

    def remove_tap(self, sid: int) -> None:
        if self._taps.pop(sid, None) is None:
            return
        self._run_taps.pop(sid, None)
        self._subs.pop(sid, None)
        if self.is_connected:
            self._write(f"UNSUB {sid} \r\n".encode())

    @property
    def unsent_bytes(self) -> int:
        """What the kernel has not taken yet."""
        return self._wire.unsent_bytes

    def _write(self, *chunks: Buffer) -> None:
        if not self.is_connected:
            return
        self._flush_now()
        self._wire.writelines(chunks)

    def _flush_now(self) -> None:
        """What nats-py itself has put into its queue goes first."""
        if self._pending:
            pending, self._pending, self._pending_data_size = self._pending, [], 0
            self._wire.writelines(pending)

    async def _send_ping(self, future: asyncio.Future[Any] | None = None) -> None:
        self._flush_now()
        await super()._send_ping(future)

    async def _read_loop(self) -> None:
        splitter = Splitter(self._hear, self._hear_line)
        reason = await self._wire.receive(splitter.feed)
        await self._process_op_err(reason or UnexpectedEOF())

    def _hear(self, messages: Sequence[Message]) -> None:
        if len(messages) > 1 and self._run_taps:
            for sid, run in groupby(messages, _SUBSCRIPTION):
                self._hear_run(sid, list(run))
        else:
            for message in messages:
                self._hear_one(message)

    def _hear_run(self, sid: int, messages: Sequence[Message]) -> None:
        run_tap = self._run_taps.get(sid)
        if run_tap is not None and len(messages) > 1:
            _tell(messages[0], run_tap, messages)
            return
        for message in messages:
            self._hear_one(message)

    def _hear_one(self, message: Message) -> None:
        tap = self._taps.get(message[0])
        if tap is not None:  # else it was removed while its last messages were on their way
            _tell(message, tap, *message[1:])

    def _hear_line(self, operation: bytes, rest: bytes) -> None:
        match operation:
            case b"PING":
                self._write(b"PONG\r\n")
            case b"PONG":
                self._take_pong()
            case b"INFO":
                spawn(self._process_info(orjson.loads(rest)), name="NATS info")
            case b"-ERR":
                spawn(self._process_err(rest.decode("utf-8", "replace").lower()), name="NATS complaint")

    def _take_pong(self) -> None:
        self._pings_outstanding = 0
        if self._pongs:
            future = self._pongs.pop(0)
            if not future.done():
                future.set_result(True)

    async def _process_err(self, err_msg: str) -> None:
        # nats-py closes for good on most of these, "slow consumer" among them; we want to be back.
        if "permissions violation" in err_msg:
            await self._error_cb(Error(f"nats: {err_msg}"))
            return
        await self._process_op_err(Error(f"nats: {err_msg}"))

    async def _process_op_err(self, e: Exception) -> None:
        was_up = not (self.is_closed or self.is_reconnecting)
        await super()._process_op_err(e)
        if was_up:
            # What was not sent is not sent later: its callers are told now and decide for themselves.
            self._pending.clear()
            self._pending_data_size = 0
            self._on_down(e)


def _tell(message: Message, tap: Callable[..., None], *what: Any) -> None:
    try:
        tap(*what)
    except Exception:  # noqa: BLE001  one bad message must not end the connection
        _log.exception("a message was not understood", subject=message[1][:200].decode("ascii", "replace"))
