"""Blows: kill -9 at a moment, or in the middle of something. What is paused for the aim goes on afterwards."""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

from services.common import ports
from tests.e2e.harness.held_bytes import held_bytes
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.tick_watch import TickWatch
from tests.e2e.harness.waiting import until

A_PART_S = 0.34
"""Longer than a part: so much media holds the end of the part that is open."""

IN_THE_MIDDLE = 4096
"""A server that has so many bytes of a program's unread is being written a tick or a segment, and no mere question."""

AIM_S = 30.0
FROZEN_S, BREATH_S = 2.2, 0.4
"""A segment closes every two seconds. The store breathes twice as long each time that nobody was seen in a PUT."""

POLL_S = 0.005


class Aim(StrEnum):
    """In the middle of what."""

    NOTHING = "at a moment"
    PART = "in a part, all packagers at once"
    WRITE = "after the tick that closes a segment, before anything that follows from it"
    PUT = "in a PUT"


@dataclass(frozen=True, order=True)
class Blow:
    """What is killed, when (seconds after the start; an aim may take two more), in the middle of what."""

    at: float
    target: str
    aim: Aim = Aim.NOTHING


class Striker:
    """Strikes one machine. `packagers` are the names of all that run."""

    def __init__(self, machine: Machine, packagers: Sequence[str], watch: TickWatch, dice: random.Random) -> None:
        self._machine = machine
        self._packagers = packagers
        self._watch = watch
        self._dice = dice
        self.struck: list[tuple[float, str]] = []
        """When each blow was begun (by the loop's clock), and its target."""

    async def strike(self, plan: Sequence[Blow], began: float) -> None:
        """One blow after the other, each at its moment of the loop's clock or as soon as its target runs."""
        loop = asyncio.get_running_loop()
        for blow in plan:
            await asyncio.sleep(max(0.0, began + blow.at - loop.time()))  # the plan's moment, not a wait for something
            self.struck.append((loop.time(), blow.target))
            match blow.aim:
                case Aim.PART:
                    await self._in_a_part()
                case Aim.WRITE:
                    await self._between_writes()
                case Aim.PUT:
                    await kill_in_a_put(self._machine, ["archiver"])
                case Aim.NOTHING:
                    await self._machine.running(blow.target)
                    self._machine.kill(blow.target)

    async def _in_a_part(self) -> None:
        await self._all_packagers()
        await self._watch.next()
        await asyncio.sleep(self._dice.uniform(0.1, 0.8) * A_PART_S)  # the seeded place in the part
        for name in self._packagers:
            self._machine.kill(name)

    async def _between_writes(self) -> None:
        """The server, frozen, holds the tick: it comes into the log after its writer's death, who never hears of it."""
        nats = ports.NATS + self._machine.offset
        pids = await self._all_packagers()
        await self._machine.running("nats")
        await self._watch.next_before_close()
        with ExitStack() as frozen:
            with ExitStack() as paused:
                for name in self._packagers:
                    paused.enter_context(_paused(self._machine, name))
                await asyncio.sleep(1.5 * A_PART_S)  # media for a whole tick waits in their sockets meanwhile
                frozen.enter_context(_paused(self._machine, "nats"))
            await until(lambda: bool(_writing(nats, pids)), "a tick is written", deadline_s=AIM_S, poll_s=POLL_S)
            await asyncio.sleep(0.05)  # the other program's tick comes with it
            for name in _writing(nats, pids):
                self._machine.kill(name)

    async def _all_packagers(self) -> dict[str, int]:
        return {name: await self._machine.running(name) for name in self._packagers}


async def kill_in_a_put(machine: Machine, archivers: Sequence[str]) -> list[str]:
    """Freeze the store until one of these is sending it a segment, and kill whoever is; who that was.

    An archiver that has taken over asks first which segments are there, and writes the index of the first hundred; with
    the store frozen it would ask for ever. So the store may answer now and then.
    """
    pids = {name: await machine.running(name) for name in archivers}
    await machine.running("s3")
    breath_s = BREATH_S
    async with asyncio.timeout(AIM_S):
        while not (killed := await _kill_who_puts(machine, pids)):
            await asyncio.sleep(breath_s)
            breath_s *= 2
    return killed


async def _kill_who_puts(machine: Machine, pids: Mapping[str, int]) -> list[str]:
    port = ports.S3 + machine.offset
    with _paused(machine, "s3"):
        for _ in range(round(FROZEN_S / POLL_S)):
            if killed := _writing(port, pids):
                for name in killed:
                    machine.kill(name)
                return killed
            await asyncio.sleep(POLL_S)
    return []


def _writing(port: int, pids: Mapping[str, int]) -> list[str]:
    return [name for name, pid in pids.items() if held_bytes(port, pid) > IN_THE_MIDDLE]


@contextmanager
def _paused(machine: Machine, program: str) -> Iterator[None]:
    pid = machine.pause(program)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it may have been killed meanwhile
            machine.resume(pid)
