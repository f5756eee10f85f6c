"""One connection to NATS that never gives up, and the requests that run over it."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import orjson
from nats.errors import Error as NatsError

from services.common.bus.client import Payload, RunTap, Tap, TapClient, size_of
from services.common.bus.errors import TooLarge, Unavailable
from services.common.bus.inbox import Inbox
from services.common.bus.wire import Reply, check_pattern, check_subject, parse_answer
from services.common.log import get_logger

T = TypeVar("T")
OnChange = Callable[[bool], None]

API_TIMEOUT_S = 5.0
"""How long a question to JetStream may take; a restarted server answers again well within it."""

_RECONNECT_WAIT_S = 0.1
_DIAL_TIMEOUT_S = 1
_PING_INTERVAL_S = 2
_PINGS_UNANSWERED = 2
_FLUSH_TIMEOUT_S = 2
_COMPLAIN_EACH_S = 5.0

_log = get_logger(__name__)


class Bus:
    """A connection and its request inbox. Made by `connect`.

    Whatever is asked while NATS is away fails at once with Unavailable, and so does everything that was on its way when
    the connection broke: nothing is kept and sent later behind the caller's back.
    """

    def __init__(self, *, on_change: OnChange | None = None) -> None:
        self._client = TapClient(self._went_down)
        self._on_change = on_change or (lambda _up: None)
        self._listeners: dict[object, Callable[[], None]] = {}
        self._up = False
        self._returned = asyncio.Event()
        self._complained_at = -_COMPLAIN_EACH_S
        self._inbox = Inbox()

    @property
    def is_connected(self) -> bool:
        return self._up and bool(self._client.is_connected)

    @property
    def max_payload(self) -> int:
        """Bytes a message may have, headers included, as the server says."""
        return int(self._client.max_payload)

    @property
    def unsent_bytes(self) -> int:
        """Bytes handed over and not yet given to the socket."""
        return self._client.unsent_bytes

    def ask(
        self,
        subject: str,
        payload: Payload,
        *,
        decode: Callable[[Reply], T | None],
        headers: bytes = b"",
        timeout_s: float = API_TIMEOUT_S,
    ) -> asyncio.Future[T]:
        """Send a request now; the future gets what `decode` makes of the answer, or the error it raises.

        Raises at once: Unavailable (not connected), TooLarge. Later: Unavailable after `timeout_s` or a disconnect.
        A `decode` that returns None says that this message was not the answer yet.
        """
        self._check(subject, len(headers) + size_of(payload))
        token, future = self._inbox.expect(decode, timeout_s)
        self._client.send(subject, token, headers, payload)
        return future

    async def api(self, verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A JetStream API question, e.g. `STREAM.INFO.FACTS`. Errors: Refused, Unavailable."""
        payload = orjson.dumps(body) if body is not None else b""
        return await self.ask(f"$JS.API.{verb}", payload, decode=parse_answer)

    def publish(self, subject: str, payload: Payload = b"", *, headers: bytes = b"", reply: str = "") -> None:
        """Send and forget; `reply` is where an answer would go. Errors: Unavailable (not connected), TooLarge."""
        self._check(subject, len(headers) + size_of(payload))
        self._client.send(subject, reply, headers, payload)

    def _check(self, subject: str, size: int) -> None:
        check_subject(subject)
        if not self.is_connected:
            raise Unavailable("not connected to NATS")
        if size > self._client.max_payload:
            raise TooLarge(f"{size} bytes for {subject}: the server takes {self._client.max_payload}")

    def add_tap(self, pattern: str, tap: Tap, run_tap: RunTap | None = None) -> int:
        """Hear everything said on `pattern` from now on, through reconnects; returns what `remove_tap` takes.

        With `run_tap`, what came together is handed to that instead.
        """
        return self._client.add_tap(check_pattern(pattern), tap, run_tap)

    def remove_tap(self, tap: int) -> None:
        self._client.remove_tap(tap)

    def new_inbox(self) -> str:
        """A subject nobody else uses."""
        return str(self._client.new_inbox())

    def add_reconnect_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever the connection is back, subscriptions in place; returns what ends that."""
        key = object()
        self._listeners[key] = listener

        def end() -> None:
            self._listeners.pop(key, None)

        return end

    async def wait_connected(self) -> None:
        """Return once connected; the deadline is the caller's."""
        while not self.is_connected:
            self._returned.clear()
            await self._returned.wait()

    async def flush(self) -> None:
        """Return when the server has read all that was handed over. Errors: Unavailable."""
        try:
            await self._client.flush(timeout=_FLUSH_TIMEOUT_S)
        except (NatsError, OSError) as error:
            raise Unavailable("NATS does not answer") from error

    async def close(self) -> None:
        """Flush if that is possible and let go; requests under way fail with Unavailable."""
        if self.is_connected:
            try:
                await self.flush()
            except Unavailable:
                _log.warning("left the bus with messages unsent")
        self._up = False
        self._inbox.fail_all("the bus was closed")
        await self._client.close()

    async def open(
        self,
        url: str,
        *,
        name: str,
        tls: ssl.SSLContext | None,
        credentials: Path | None,
    ) -> None:
        """Dial until it works; the deadline is the caller's."""
        await self._client.connect(
            url.split(","),
            name=name,
            tls=tls,
            user_credentials=str(credentials) if credentials else None,
            error_cb=self._note_error,
            reconnected_cb=self._came_back,
            closed_cb=self._was_closed,
            max_reconnect_attempts=-1,
            reconnect_time_wait=_RECONNECT_WAIT_S,  # type: ignore[arg-type]  # slept, so a fraction is fine
            connect_timeout=_DIAL_TIMEOUT_S,
            ping_interval=_PING_INTERVAL_S,
            max_outstanding_pings=_PINGS_UNANSWERED,
        )
        self._inbox.open(self.new_inbox(), self.add_tap)
        self._came_up()

    def _came_up(self) -> None:
        self._up = True
        self._returned.set()
        self._on_change(True)

    async def _came_back(self) -> None:
        _log.info("back on NATS")
        self._came_up()
        for listener in list(self._listeners.values()):
            listener()

    def _went_down(self, error: Exception) -> None:
        was_up, self._up = self._up, False
        self._inbox.fail_all("the connection to NATS broke")
        if was_up:
            _log.warning("lost NATS", reason=str(error) or type(error).__name__)
            self._on_change(False)

    async def _note_error(self, error: Exception) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._complained_at < _COMPLAIN_EACH_S:
            return
        self._complained_at = now
        event = "NATS complains" if self._up else "NATS is not there yet"
        _log.warning(event, reason=str(error) or type(error).__name__)

    async def _was_closed(self) -> None:
        was_up, self._up = self._up, False
        if was_up:
            _log.error("NATS connection closed for good")
            self._on_change(False)


async def connect(
    url: str,
    *,
    name: str,
    on_change: OnChange | None = None,
    tls: ssl.SSLContext | None = None,
    credentials: Path | None = None,
    deadline_s: float = 30.0,
) -> Bus:
    """Connect to one of the servers of a comma-separated `url`, trying for `deadline_s` seconds.

    Afterwards it reconnects for ever. `on_change` is told True now and at each return, False at each loss. Errors:
    Unavailable when the deadline passes; ValueError for a `url` that is none.
    """
    bus = Bus(on_change=on_change)
    try:
        async with asyncio.timeout(deadline_s):
            await bus.open(url, name=name, tls=tls, credentials=credentials)
    except TimeoutError as error:
        await bus.close()
        raise Unavailable(f"no NATS server within {deadline_s:g} s") from error
    return bus
