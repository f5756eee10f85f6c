"""How a program is told to end: SIGTERM drains, SIGINT stops, a second one of either ends it on the spot."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable

from services.common.log import get_logger

_log = get_logger(__name__)


class Stopping:
    """The wish to stop, as the process's signals express it."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._on_first: Callable[[], object] | None = None
        self.by: signal.Signals | None = None

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    @property
    def drains(self) -> bool:
        """Whether work in hand may finish first."""
        return self.by is signal.SIGTERM

    def listen(self, on_first: Callable[[], object]) -> None:
        """Take the process's signals from now on; `on_first` is called at the first one."""
        self._on_first = on_first
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._take, number)

    async def wait(self) -> None:
        """Until somebody wants us to stop."""
        await self._asked.wait()

    def _take(self, number: signal.Signals) -> None:
        if self.by is not None:
            _log.warning("killed by a second signal", signal=number.name)
            os._exit(128 + number)
        self.by = number
        self._asked.set()
        if self._on_first:
            self._on_first()


def end_within(seconds: float, *, exit_code: int) -> threading.Timer:
    """Whatever happens, this process is gone in `seconds`: for closes that block a thread or swallow cancellation.

    Who has ended before may cancel the timer.
    """

    def give_up() -> None:
        _log.error("did not stop in time; killed", after_s=seconds)
        os._exit(exit_code)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    return timer
