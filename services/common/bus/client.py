"""nats-py's client with a short path for our messages.

Its own path costs a task switch, a message object and an e-mail header parser per message. Here a subscription is a
`tap`: a plain function called with raw bytes as they are parsed, and a write is three buffers on the flusher's list.
What stays nats-py's: dialling, TLS, credentials, pings, reconnecting. This file is the only one that touches its
private parts; tests/common/bus/test_client.py fails when a new version moves them.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.aio.transport import TcpTransport
from nats.errors import Error, UnexpectedEOF

from services.common.log import get_logger

Tap = Callable[[bytes, bytes, bytes, bytes], None]
"""Called with subject, reply subject, raw header block (or empty) and payload. Must not block."""

Payload = bytes | memoryview

_READ_BYTES = 1 << 20
_CRLF = b"\r\n"

_log = get_logger(__name__)


class TapClient(Client):
    """A nats-py client that hands tapped subscriptions their bytes directly and tells at once when it is cut off."""

    def __init__(self, on_down: Callable[[Exception], None]) -> None:
        super().__init__()
        self._taps: dict[int, Tap] = {}
        self._on_down = on_down
        self._wire = _AbortingTransport()
        self._transport = self._wire

    def send(self, subject: str, reply: str, headers: bytes, payload: Payload) -> None:
        """Hand a message to the flusher; order is kept. The caller has checked subject, size and connection."""
        if headers:
            size = len(headers) + len(payload)
            head = f"HPUB {subject} {reply} {len(headers)} {size}\r\n".encode() + headers
        else:
            head = f"PUB {subject} {reply} {len(payload)}\r\n".encode()
        self._write(head, payload, _CRLF)

    def add_tap(self, pattern: str, tap: Tap) -> int:
        """Subscribe; nats-py subscribes again after each reconnect. Returns what `remove_tap` takes."""
        self._sid += 1
        sid: int = self._sid
        self._subs[sid] = Subscription(self, sid, pattern)
        self._taps[sid] = tap
        if self.is_connected:
            self._write(f"SUB {pattern}  {sid}\r\n".encode())
        return sid

    def remove_tap(self, sid: int) -> None:
        if self._taps.pop(sid, None) is None:
            return
        self._subs.pop(sid, None)
        if self.is_connected:
            self._write(f"UNSUB {sid} \r\n".encode())

    @property
    def _kicks(self) -> asyncio.Queue[asyncio.Future[Any]]:
        if self._flush_queue is None:
            raise RuntimeError("not connected yet")
        return self._flush_queue

    def _write(self, *chunks: Payload) -> None:
        self._pending.extend(chunks)  # type: ignore[arg-type]  # it only joins them
        self._pending_data_size += sum(map(len, chunks))
        if self._kicks.empty():
            self._kicks.put_nowait(asyncio.get_running_loop().create_future())

    async def _send_ping(self, future: asyncio.Future[Any] | None = None) -> None:
        # nats-py writes a ping past what is pending, so that its flush proves nothing about that.
        if self._pending and self.is_connected:
            pending, self._pending, self._pending_data_size = self._pending, [], 0
            self._wire.writelines(pending)  # type: ignore[no-untyped-call]  # nats-py leaves this one out
        await super()._send_ping(future)

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        tap = self._taps.get(sid)
        if tap is None:
            return  # a tap that was removed while its last messages were on their way
        try:
            tap(subject, reply, headers or b"", data)
        except Exception:  # noqa: BLE001  one bad message must not end the connection's only reading task
            _log.exception("a message was not understood", subject=subject[:200].decode("ascii", "replace"))

    async def _read_loop(self) -> None:
        while not (self.is_closed or self.is_reconnecting):
            try:
                data = await self._wire.read(_READ_BYTES)
                if not data:
                    raise UnexpectedEOF  # noqa: TRY301  one path for every way a connection ends
                await self._ps.parse(data)
            except Exception as error:  # noqa: BLE001  whatever it is, this connection is over and the next begins
                await self._process_op_err(error)
                return

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


class _AbortingTransport(TcpTransport):
    """Closes without waiting for a peer that no longer reads, and reads what is there in one go."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # nats-py leaves this one out

    async def connect(self, uri: Any, buffer_size: int, connect_timeout: int) -> None:  # noqa: ARG002  too small
        await super().connect(uri, buffer_size=_READ_BYTES, connect_timeout=connect_timeout)

    def close(self) -> None:
        if self._io_writer is not None:
            self._io_writer.transport.abort()

    def __bool__(self) -> bool:
        return True  # nats-py makes one of its own where this says no
