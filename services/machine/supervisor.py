"""Keeps a set of processes running and stops them in order. What they are is told from outside."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from services.machine.child import Children, Command
from services.machine.keeper import BAD_SETTING, Keeper
from services.machine.screen import Screen

STOP_DEADLINE_S = 12.0
"""For each step of the stop order: longer than an encoder's last bytes and an upload need, short enough to wait for."""

_LOOK_EVERY_S = 5.0


class StartFailedError(Exception):
    """Nothing will come of this start; the text says why."""


class Supervisor:
    """Keepers by the name of their process."""

    def __init__(self, children: Children, screen: Screen, tasks: asyncio.TaskGroup) -> None:
        self._children = children
        self._screen = screen
        self._tasks = tasks
        self._keepers: dict[str, tuple[Keeper, asyncio.Task[None]]] = {}
        self.refused = asyncio.Event()
        """Set when a program has said that a setting is wrong."""

    def keep(self, command: Command) -> None:
        """Start `command` and keep it running."""
        keeper = Keeper(command, self._children, self)
        self._keepers[command.name] = keeper, self._tasks.create_task(keeper.run(), name=f"keep {command.name}")

    def died(self, name: str, code: int, *, restart_in_s: float, keeps_dying: bool) -> None:
        self._screen.died(name, code, restart_in_s=restart_in_s, keeps_dying=keeps_dying)
        if code == BAD_SETTING and not self.refused.is_set():
            self._screen.quote(name, f"{name} refuses its settings:")
            self.refused.set()

    def stopped(self, name: str, code: int) -> None:
        self._screen.stopped(name, code)

    def restart(self, name: str) -> None:
        """Ask it to end; it is started again as if it had died."""
        self._keepers[name][0].end()

    async def watch(self, stopping: asyncio.Event, look: Callable[[], None] | None = None) -> None:
        """Look after the logs, and `look`, every few seconds until `stopping` is set."""
        while not stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await stopping.wait()
            if look is not None and not stopping.is_set():
                look()
            self._children.rotate_logs()

    async def stop(self, order: Iterable[Sequence[str]], *, deadline_s: float = STOP_DEADLINE_S) -> None:
        """Stop everything: step by step those whose program stands in `order`, replicas with their first."""
        for step in order:
            names = [name for name in self._keepers if name.partition("-")[0] in step]
            await asyncio.gather(*(self._stop(name, deadline_s) for name in names))

    def kill(self) -> None:
        """End everything at once."""
        for keeper, _ in self._keepers.values():
            keeper.give_up()
        self._children.kill_all()

    async def _stop(self, name: str, deadline_s: float) -> None:
        keeper, task = self._keepers[name]
        if not await keeper.stop(deadline_s=deadline_s):
            self._screen.say(f"{name} did not stop within {deadline_s:g} s and was killed")
        await task
