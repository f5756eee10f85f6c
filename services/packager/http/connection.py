"""One client's connection: requests in, answers out, in order and one at a time."""

import asyncio
import socket
import struct
from enum import Enum, auto
from functools import partial
from typing import cast

from services.common.log import get_logger
from services.packager.http.desk import Desk
from services.packager.http.limits import INPUT_BYTES, PIPELINE_BURST
from services.packager.http.negotiation import Outgoing, negotiate
from services.packager.http.pending import Pending
from services.packager.http.pump import Pump
from services.packager.http.refusals import Refused, refusal
from services.packager.http.request import Request
from services.packager.http.response import Response
from services.packager.http.stream import Stream

_log = get_logger(__name__)


class _State(Enum):
    """What a connection is about. Requests are read off the buffer in READY alone."""

    READY = auto()
    """Between requests, or in the middle of a head."""
    FULL = auto()
    """As READY, but the client has not read what it got."""
    WAITING = auto()
    """The handler answers later."""
    STREAMING = auto()
    """A pump sends the body."""
    ENDING = auto()
    """Nothing more is read or answered; the client is to close."""


_RESET = struct.pack("ii", 1, 0)  # struct linger: on, 0 s
_READY = _State.READY  # read on every request: a global is found faster than an enum's attribute


class Connection(asyncio.Protocol):
    """The server's sweep calls `expire` when `deadline` (loop time) is over; there are no other timers."""

    __slots__ = (
        "_buffer",
        "_desk",
        "_is_head_timed",
        "_peer",
        "_pending",
        "_progress",
        "_pump",
        "_request",
        "_state",
        "_transport",
        "deadline",
    )

    _transport: asyncio.Transport

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._peer = ""
        self._buffer = bytearray()
        self._state = _READY
        self._is_head_timed = False
        self._request: Request | None = None
        self._pending: Pending | None = None
        self._pump: Pump | None = None
        self._progress: tuple[int, int] | None = None
        self.deadline = desk.idle_until

    # The loop's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(self._desk.limits.high_water_bytes)
        name = transport.get_extra_info("peername")
        self._peer = str(name[0]) if name else ""
        if not self._desk.admit(self):
            self._refuse(refusal(503))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  why it ended changes nothing
        self._state = _State.ENDING
        self._desk.dismiss(self)
        self._give_up()

    def data_received(self, data: bytes) -> None:
        if self._state is _READY and not self._buffer:
            request = self._desk.heads.recall(data, self._peer)
            if request is not None:
                self._dispatch(request)
                return
        if self._state is not _State.ENDING:
            self._buffer += data
            self._advance()

    def eof_received(self) -> None:
        """The client has closed, or his half of it: nobody waits there. What is written already is still sent."""
        self._give_up()
        self._state = _State.ENDING
        self._set_deadline(self._desk.limits.linger_s)

    def pause_writing(self) -> None:
        if self._pump is not None:
            self._pump.pause()
        elif self._state is _READY:
            self._state = _State.FULL
        self._set_deadline(self._desk.limits.stall_s)

    def resume_writing(self) -> None:
        if self._pump is not None:
            self._pump.resume()
        elif self._state is _State.FULL:
            self._state = _READY
            self.deadline = self._desk.idle_until
            self._advance()

    # Requests.

    def _advance(self) -> None:
        """Answer what has arrived whole, up to the first that has to wait."""
        for _ in range(PIPELINE_BURST):
            if self._state is not _READY or not self._buffer:
                break
            try:
                request = self._desk.heads.take(self._buffer, self._peer)
            except Refused as refused:
                self._desk.counts.malformed += 1
                self._refuse(refused.response)
                return
            if request is None:
                break
            self._is_head_timed = False
            self._dispatch(request)
        else:
            asyncio.get_running_loop().call_soon(self._advance)
        self._watch_input()

    def _watch_input(self) -> None:
        """Bound what is kept unread, and start the clock at the first byte of a head."""
        if self._transport.is_closing():
            return
        if len(self._buffer) > INPUT_BYTES:
            self._transport.pause_reading()
        elif not self._transport.is_reading():
            self._transport.resume_reading()
        if self._state is _READY and self._buffer and not self._is_head_timed:
            self._is_head_timed = True
            self._set_deadline(self._desk.limits.head_s)

    def _dispatch(self, request: Request) -> None:
        answer = self._desk.answer(request)
        if not isinstance(answer, Pending):
            self._send(request, answer)
            return
        response = answer.attach(self._deliver)
        if response is not None:
            self._send(request, response)
            return
        self._request, self._pending = request, answer
        self._state = _State.WAITING
        self._desk.counts.waiting += 1
        self._set_deadline(self._desk.limits.answer_s)

    def _deliver(self, response: Response) -> None:
        """The answer that the request at hand waits for."""
        request, self._request, self._pending = self._request, None, None
        self._desk.counts.waiting -= 1
        if request is None or self._transport.is_closing():
            return
        self._resume_with(request, response)

    def _resume_with(self, request: Request, response: Response) -> None:
        self._state = _READY
        self._send(request, response)
        if self._buffer:
            self._advance()

    # Answers.

    def _send(self, request: Request, response: Response) -> None:
        desk = self._desk
        if not request.is_simple or desk.is_draining or response.stream is not None:
            self._send_negotiated(request, negotiate(request, response, is_closing=desk.is_draining))
            return
        form = response.plain
        if response.compressed is not None and request.fields.accepts_gzip:
            form = response.compressed
        self.deadline = desk.idle_until
        if form.small is not None:
            self._transport.write(form.head + desk.date_end + form.small)
        else:
            self._transport.writelines((form.head, desk.date_end, *form.body))
        desk.finish(request, response.status, form.length or 0)

    def _send_negotiated(self, request: Request, outgoing: Outgoing) -> None:
        head = outgoing.head + self._desk.date_end
        if outgoing.stream is not None:
            self._start_pump(request, outgoing, outgoing.stream, head)
            return
        self.deadline = self._desk.idle_until
        self._transport.writelines((head, *outgoing.body))
        self._desk.finish(request, outgoing.status, outgoing.length)
        if not outgoing.keep_alive:
            self._end()

    def _start_pump(self, request: Request, outgoing: Outgoing, stream: Stream, head: bytes) -> None:
        on_end = partial(self._end_pump, request, outgoing)
        self._pump = Pump(outgoing, stream, head, self._transport, on_end)
        self._state = _State.STREAMING
        self._set_deadline(self._desk.limits.answer_s)
        self._pump.start()

    def _end_pump(self, request: Request, outgoing: Outgoing, error: Exception | None) -> None:
        pump, self._pump = self._pump, None
        if pump is None or self._transport.is_closing():
            return
        if error is not None:
            _log.warning("a streamed body broke off", target=request.target, sent=pump.sent, error=str(error))
        if error is not None and not pump.has_begun:
            self._resume_with(request, refusal(503))
            return
        self._desk.finish(request, outgoing.status, pump.sent)
        if error is not None:
            self.abort()  # the only way to say that the body is not whole
        elif outgoing.keep_alive:
            self._state = _READY
            self.deadline = self._desk.idle_until
            self._advance()
        else:
            self._end()

    # Ends.

    def _refuse(self, response: Response) -> None:
        """Answer what is no request, and end: what follows in the stream cannot be told apart."""
        form = response.plain
        self._transport.writelines((form.head, b"connection: close\r\n", self._desk.date_end, *form.body))
        self._desk.count(response.status, form.length or 0)
        self._end()

    def _end(self) -> None:
        """Close our half and let the client close his; until then what he sends is dropped."""
        self._state = _State.ENDING
        self._buffer.clear()
        self._set_deadline(self._desk.limits.linger_s)
        if not self._transport.is_closing():
            self._transport.write_eof()
            if not self._transport.is_reading():
                self._transport.resume_reading()

    def _give_up(self) -> None:
        """The client is gone: free what works or waits for him."""
        pending, self._pending = self._pending, None
        if pending is not None:
            self._request = None
            self._desk.counts.waiting -= 1
            self._desk.counts.cancelled += 1
            pending.cancel()
        pump, self._pump = self._pump, None
        if pump is not None:
            self._desk.counts.cancelled += 1
            pump.cancel()

    def retire(self) -> None:
        """The server stops: end now if no request is at hand, else after its answer."""
        if self._state in (_READY, _State.FULL) and not self._buffer:
            self._end()

    def abort(self) -> None:
        """Drop the connection at once, with a reset: the kernel lets go of what is unsent, and no end is feigned."""
        sock = self._transport.get_extra_info("socket")
        if sock is not None and not self._transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def expire(self) -> None:
        """The deadline is over: give time to a client that still takes bytes, else end."""
        unsent = self._transport.get_write_buffer_size()
        progress = (unsent, self._pump.sent if self._pump else 0)
        if (unsent or self._pump) and progress != self._progress:
            self._progress = progress
            self._set_deadline(self._desk.limits.stall_s)
            return
        if self._state is _State.ENDING and not unsent:
            self._transport.close()  # no reset: the kernel may still be sending to a slow client
            return
        if unsent or self._pump:
            self._desk.counts.timed_out += 1
            self.abort()
            return
        self._desk.counts.timed_out += 1
        if self._pending is not None:
            self._pending.cancel()
            self._deliver(refusal(503))
        elif self._buffer:
            self._refuse(refusal(408))
        else:
            self._end()

    def _set_deadline(self, seconds: float) -> None:
        self.deadline = self._desk.now + seconds
