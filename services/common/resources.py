"""What a program holds open, closed in exact reverse, each with a deadline so that one hanging part cannot hold us."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Self, TypeVar

from services.common.log import get_logger
from services.common.stopping import end_within

T = TypeVar("T")

_log = get_logger(__name__)


class Resources:
    """An exit stack whose closes are named, timed and logged; a close that fails does not keep the rest from closing.

    `async with Resources(close_timeout_s=settings.close_timeout) as resources: ...`
    """

    def __init__(self, *, close_timeout_s: float = 5.0) -> None:
        self._close_timeout_s = close_timeout_s
        self._stack = AsyncExitStack()
        self._parts = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        # A close that swallows its cancellation would hold us for ever, also where opening has failed half-way.
        alarm = end_within((self._parts + 1) * self._close_timeout_s, exit_code=1)
        try:
            await self._stack.aclose()
        finally:
            alarm.cancel()

    async def open(self, name: str, part: AbstractAsyncContextManager[T]) -> T:
        """Enter `part` and leave it when the program ends; what entering raises, this raises."""
        opened = await part.__aenter__()
        self.defer(name, lambda: part.__aexit__(None, None, None))
        return opened

    def defer(self, name: str, close: Callable[[], Awaitable[object]]) -> None:
        """Await `close()` when the program ends, before whatever was opened earlier."""
        self._parts += 1
        self._stack.push_async_callback(self._close, name, close)

    async def _close(self, name: str, close: Callable[[], Awaitable[object]]) -> None:
        deadline = asyncio.timeout(self._close_timeout_s)
        try:
            async with deadline:
                await close()
        except (TimeoutError, asyncio.CancelledError) as error:
            # In a task that was cancelled before, Python 3.11.2 (Debian 12) lets a timeout end as a cancellation.
            if isinstance(error, asyncio.CancelledError) and not deadline.expired():
                raise
            _log.warning("left behind at close", part=name, after_s=self._close_timeout_s)
        except Exception as error:  # noqa: BLE001  the others must close whatever happened here
            _log.warning("close failed", part=name, error=repr(error))
