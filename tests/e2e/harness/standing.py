"""A machine that is hurt by one test after the other, and has to be whole again each time."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.e2e.harness.logs import accidents
from tests.e2e.harness.machine import Machine

PROGRAMS = ("ingest", "packager", "origin", "archiver", "stats", "api")


class Standing:
    """Started when it is first asked for; after a test that failed the next one gets a new machine."""

    def __init__(self, new_folder: Callable[[], Path]) -> None:
        self._new_folder = new_folder
        self._machine: Machine | None = None

    async def whole(self) -> Machine:
        """The machine, with every program ready."""
        if self._machine is None:
            self._machine = Machine(self._new_folder())
            self._machine.start()
        await self._machine.ready()
        await asyncio.gather(*(self._machine.serving(program) for program in PROGRAMS))
        return self._machine

    async def settle(self, *, is_good: bool) -> None:
        """After a test: what it has started beside ends; AssertionError if a program has had an accident."""
        assert self._machine is not None
        await asyncio.to_thread(self._machine.stop_extras)
        found = accidents(self._machine.home.logs)
        if found or not is_good:
            await asyncio.to_thread(self.stop)
        assert found == [], "\n".join(found)

    def stop(self) -> None:
        if self._machine is not None:
            self._machine.stop()
            self._machine = None
