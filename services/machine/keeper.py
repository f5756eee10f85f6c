"""Keeps one process running until it is told to stop."""

import asyncio
import signal
import subprocess
from contextlib import suppress
from typing import Protocol

from services.machine.backoff import Backoff
from services.machine.child import Child, Children, Command

BAD_SETTING = 2
"""The exit code by which a program says that a setting is wrong; starting it again does not help."""

COULD_NOT_RUN = 126
"""The exit code by which a shell says that a program is there and cannot be run."""


IN_ORDER = frozenset({0, -signal.SIGTERM, 128 + signal.SIGTERM})
"""How a process ends that was asked to."""


class Watcher(Protocol):
    """Who wants to know."""

    def died(self, name: str, code: int, *, restart_in_s: float, keeps_dying: bool) -> None:
        """`name` ended by itself with `code` and will be started again."""
        ...

    def stopped(self, name: str, code: int) -> None:
        """`name` was asked to end, and has not ended as one does who was."""
        ...


class Keeper:
    """One place that a process fills: started, started again when it dies, stopped in the end."""

    def __init__(self, command: Command, children: Children, watcher: Watcher) -> None:
        self.name = command.name
        self.command = command
        self._children = children
        self._watcher = watcher
        self._backoff = Backoff()
        self._stopping = asyncio.Event()
        self._child: Child | None = None
        self._is_killed = False

    async def run(self) -> None:
        """Keep it running. Returns once `stop` was called and the process has ended."""
        while not self._stopping.is_set():
            code, lived_s = await self._live()
            if self._stopping.is_set():
                self._note_end(code)
                return
            delay_s = self._backoff.died(lived_s=lived_s)
            keeps_dying = self._backoff.keeps_dying
            self._watcher.died(self.name, code, restart_in_s=delay_s, keeps_dying=keeps_dying)
            await self._pause(delay_s)

    async def stop(self, *, deadline_s: float) -> bool:
        """Ask it to drain and end (SIGTERM), and kill it after `deadline_s` seconds; False if that was needed."""
        self._stopping.set()
        child = self._child
        if child is None or child.ended.done():
            return True
        child.send(signal.SIGTERM)
        done, _ = await asyncio.wait((child.ended,), timeout=deadline_s)
        if not done:
            self._is_killed = True
            child.send(signal.SIGKILL)
            await child.ended
        return bool(done)

    def end(self) -> None:
        """Ask it to end, so that it is started anew."""
        if self._child is not None and not self._child.ended.done():
            self._child.send(signal.SIGTERM)

    def give_up(self) -> None:
        """Start it no more, and leave what runs as it is."""
        self._is_killed = True
        self._stopping.set()

    def _note_end(self, code: int) -> None:
        if not self._is_killed and code not in IN_ORDER:
            self._watcher.stopped(self.name, code)

    async def _live(self) -> tuple[int, float]:
        loop = asyncio.get_running_loop()
        try:
            self._child = child = self._children.start(self.command)
        except (OSError, subprocess.SubprocessError) as error:  # no file or memory, killed too soon: a death as well
            self._children.note(self.name, f"cannot be started: {error}")
            return COULD_NOT_RUN, 0.0
        code = await asyncio.shield(child.ended)
        return code, loop.time() - child.started_at

    async def _pause(self, delay_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._stopping.wait()
