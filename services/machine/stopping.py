"""Ctrl-C, SIGTERM and the end of the terminal: the first asks for an orderly stop, the second for the end."""

import asyncio
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Self


def _wanted() -> tuple[signal.Signals, ...]:
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # nohup means that the terminal's end is nothing to us
    return (signal.SIGINT, signal.SIGTERM) if ignored else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Catches them while it is entered."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._signals = _wanted()
        self._on_second: list[Callable[[], None]] = []

    def on_second(self, action: Callable[[], None]) -> None:
        """What to do when somebody asks again."""
        self._on_second.append(action)

    def __enter__(self) -> Self:
        for number in self._signals:
            asyncio.get_running_loop().add_signal_handler(number, self._caught)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number in self._signals:
            asyncio.get_running_loop().remove_signal_handler(number)

    def _caught(self) -> None:
        if self.asked.is_set():
            for action in self._on_second:
                action()
        self.asked.set()
