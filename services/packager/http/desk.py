"""What all connections of one server share: the handler, the limits, the clock of the last sweep, the counts."""

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from typing import Protocol

from services.common.log import get_logger
from services.packager.http.counts import Counts
from services.packager.http.head import HeadReader
from services.packager.http.limits import Limits
from services.packager.http.pending import Pending
from services.packager.http.refusals import Refused, preflight, refusal
from services.packager.http.request import Request
from services.packager.http.response import Response

_log = get_logger(__name__)

AccessHook = Callable[[Request, int, int], object]
"""Called with each answered request, its status and the body bytes handed to the transport.

It runs between two requests, so it must be quick, and it must not raise."""


class Handler(Protocol):
    """Answers GET and HEAD."""

    def handle(self, request: Request) -> Response | Pending:
        """Answer at once, or return what will be resolved later. May raise Refused."""
        ...


class Guest(Protocol):
    """A connection, as the desk and the server know it."""

    deadline: float

    def expire(self) -> None: ...
    def retire(self) -> None: ...
    def abort(self) -> None: ...


class Desk:
    """One per server; connections read its attributes on every request, so they are plain slots."""

    __slots__ = (
        "counts",
        "date_end",
        "emptied",
        "guests",
        "handler",
        "heads",
        "idle_until",
        "is_draining",
        "limits",
        "now",
        "on_finished",
    )

    def __init__(self, handler: Handler, limits: Limits, on_finished: AccessHook | None, now: float) -> None:
        self.handler = handler
        self.limits = limits
        self.on_finished = on_finished
        self.counts = Counts()
        self.guests: set[Guest] = set()
        """Open connections, also those that are being refused."""
        self.emptied = asyncio.Event()
        """Set when the last guest leaves."""
        self.heads = HeadReader()
        self.is_draining = False
        self.tick(now)

    def tick(self, now: float) -> None:
        """Once a second: what the requests of the next second share."""
        self.now = now
        """The loop's time at the last sweep, in seconds."""
        self.idle_until = now + self.limits.idle_s
        self.date_end = f"date: {formatdate(usegmt=True)}\r\n\r\n".encode()
        """The last line of every head, and its end."""

    def admit(self, guest: Guest) -> bool:
        """Take a connection in; False if the server is full, and the connection is to be told so."""
        self.guests.add(guest)
        self.counts.connections += 1
        self.counts.open_connections += 1
        has_room = len(self.guests) <= self.limits.connections
        self.counts.refused_connections += not has_room
        return has_room

    def dismiss(self, guest: Guest) -> None:
        """A connection is gone."""
        self.guests.discard(guest)
        self.counts.open_connections -= 1
        if not self.guests:
            self.emptied.set()

    def answer(self, request: Request) -> Response | Pending:
        """What the request gets; a handler that fails costs this one answer only."""
        try:
            if request.method in ("GET", "HEAD") and not request.fields.has_body:
                if request.fields.has_expectation:
                    return refusal(417)
                return self.handler.handle(request)
        except Refused as refused:
            return refused.response
        except Exception:  # noqa: BLE001  whatever fails there fails one request, never the server
            _log.exception("a handler failed")
            return refusal(500)
        return _answer_itself(request)

    def finish(self, request: Request, status: int, size: int) -> None:
        """Count an answer whose bytes the transport has, and report it."""
        self.count(status, size)
        if self.on_finished is not None:
            self.on_finished(request, status, size)

    def count(self, status: int, size: int) -> None:
        """Count an answer, also one to what was no request."""
        counts = self.counts
        counts.requests += 1
        counts.bytes += size
        counts.classes[status // 100] += 1


def _answer_itself(request: Request) -> Response:
    """Methods that are no handler's business, and bodies, which an origin never reads."""
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        return refusal(405)
    return refusal(413) if request.fields.has_body else preflight()
