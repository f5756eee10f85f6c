"""Reading a log on and on: every entry once and in order, whatever happens to the server meanwhile."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from services.common.bus.connection import Bus
from services.common.bus.entry import Entry
from services.common.bus.feed import CaughtUp, Feed


class Reader:
    """`async for entry in reader`; made by `Log.read`. It never ends by itself: close it, or use `async with`.

    Removed sequences are skipped. If the log itself was cut or lost (another server with an empty disk), it begins
    again with what there is and says so in the log. Errors: Refused, for a filter the server will never serve.
    """

    def __init__(self, bus: Bus, stream: str, filter_subjects: Sequence[str], *, from_sequence: int) -> None:
        self._first = max(1, from_sequence)
        self._feed = Feed(bus, stream, filter_subjects, self._start)
        self.is_caught_up = False
        """True once everything that was in the log at the beginning has been handed out."""

    def _start(self, last: int | None) -> dict[str, Any]:
        first = self._first if last is None else last + 1
        return {"deliver_policy": "by_start_sequence", "opt_start_seq": first}

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Entry:
        while True:
            item = await self._feed.next()
            if isinstance(item, Entry):
                return item
            if item is None:
                raise StopAsyncIteration
            if isinstance(item, CaughtUp):
                self.is_caught_up = True

    async def aclose(self) -> None:
        await self._feed.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.aclose()
