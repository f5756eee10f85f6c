"""An answer that is still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.packager.http.response import Response


class Pending:
    """What a handler returns when it cannot answer yet, to be resolved with a response.

    Neither a task nor a future: thousands of players wait for the same part, so a waiter is one small object that
    the handler keeps in a set, `Pending(waiters.discard)`, and resolves in one loop over the set.
    `on_cancel` is called with this object if nobody waits any longer: the client went away or the time is over.
    """

    __slots__ = ("_deliver", "_is_over", "_on_cancel", "_response")

    def __init__(self, on_cancel: Callable[[Pending], object]) -> None:
        self._on_cancel = on_cancel
        self._deliver: Callable[[Response], None] | None = None
        self._response: Response | None = None
        self._is_over = False

    def resolve(self, response: Response) -> None:
        """Answer. Once the request is over, by an answer or otherwise, this does nothing."""
        if self._is_over:
            return
        self._is_over = True
        if self._deliver is None:
            self._response = response
        else:
            self._deliver(response)

    def attach(self, deliver: Callable[[Response], None]) -> Response | None:
        """The server's side: where the answer goes, or the answer if it is already there."""
        self._deliver = deliver
        return self._response

    def cancel(self) -> None:
        """The server's side: nobody waits any longer."""
        if self._is_over:
            return
        self._is_over = True
        self._deliver = None
        self._on_cancel(self)
