"""Ctrl-C and SIGTERM: the first asks for an orderly stop, the second for the end."""

import asyncio
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Catches both signals while it is entered."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._on_second: list[Callable[[], None]] = []

    def on_second(self, action: Callable[[], None]) -> None:
        """What to do when somebody asks again."""
        self._on_second.append(action)

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._caught)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    def _caught(self) -> None:
        if self.asked.is_set():
            for action in self._on_second:
                action()
        self.asked.set()
