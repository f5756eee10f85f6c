"""Composition of one machine: servers, sockets, programs, ready block; then until somebody stops it."""

import asyncio
import os
import resource
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TextIO

from services.machine.child import Children
from services.machine.disk import disk
from services.machine.finding import Verdict
from services.machine.home import Home
from services.machine.listeners import Listeners, PortTakenError
from services.machine.part import Part
from services.machine.part_nats import nats
from services.machine.part_redis import redis
from services.machine.part_s3 import s3
from services.machine.ports import OFFSET_SETTING, is_free
from services.machine.probe import http_status
from services.machine.programs import PROGRAMS, STOP_ORDER, Program, command, own_ports, served_ports
from services.machine.room import Room
from services.machine.screen import Screen, ready_block
from services.machine.settings import PRIVATE_TARGETS, MachineSettings
from services.machine.stopping import StopSignals
from services.machine.supervisor import StartFailedError, Supervisor
from services.machine.waiting import until_all

_PARTS: Mapping[str, Callable[[Home, MachineSettings], Part]] = {"nats": nats, "redis": redis, "s3": s3}
_DRAIN_TIMEOUT = "5s"
"""Somebody waits at the keyboard; a cluster gives more."""

_PATIENCE_S = 3.0
"""How long the processes of a supervisor that was killed may still hold their ports."""


class Machine:
    """One running system on one state folder."""

    def __init__(
        self, settings: MachineSettings, programs: tuple[Program, ...] = PROGRAMS, out: TextIO | None = None
    ) -> None:
        self._settings = settings
        self._home = Home(settings.home)
        self._programs = tuple(program for program in programs if program.is_there)
        self._home.prepare()
        self._screen = Screen(self._home, out)

    async def run(self) -> int:
        """Run until a signal; the answer is an exit code. HomeInUseError, PortTakenError, PartMissingError."""
        _raise_file_limit()
        with ExitStack() as stack:
            stack.enter_context(self._home.hold())
            signals = stack.enter_context(StopSignals())
            listeners = stack.enter_context(Listeners())
            children = stack.enter_context(Children(self._home))
            self._warn_of_disk()
            parts = [make(self._home, self._settings) for name, make in _PARTS.items() if self._is_own(name)]
            await self._claim_ports(parts, listeners)
            async with asyncio.TaskGroup() as tasks:
                supervisor = Supervisor(children, self._screen, tasks)
                signals.on_second(supervisor.kill)
                return await self._start_and_stop(supervisor, signals, parts, listeners)

    async def _start_and_stop(
        self, supervisor: Supervisor, signals: StopSignals, parts: list[Part], listeners: Listeners
    ) -> int:
        def gives_up() -> bool:
            return signals.asked.is_set() or supervisor.refused.is_set()

        room = Room(self._home, say=self._screen.say, restart=lambda: supervisor.restart("nats"))
        try:
            await self._start(supervisor, parts, listeners, gives_up)
            if not supervisor.refused.is_set():
                await supervisor.watch(signals.asked, room.look if self._is_own("nats") else None)
        except StartFailedError as error:
            self._screen.say(str(error))
            return 1
        finally:
            self._screen.say("stopping (Ctrl-C again: at once)")
            await supervisor.stop(STOP_ORDER)
            self._screen.say("stopped")
        return 2 if supervisor.refused.is_set() and not signals.asked.is_set() else 0

    async def _start(
        self, supervisor: Supervisor, parts: list[Part], listeners: Listeners, gives_up: Callable[[], bool]
    ) -> None:
        began = asyncio.get_running_loop().time()
        for part in parts:
            supervisor.keep(part.command)
        questions = {part.command.name: part.answers for part in parts}
        if not await until_all(questions, what="servers", say=self._screen.say, gives_up=gives_up):
            return
        env = self._environment(parts)
        self._home.write_environment({name: env[name] for name in env if name.startswith("HEADWATER_")})
        for program in self._programs:
            for number in range(1, program.count + 1):
                own = env | own_ports(number, self._offset)
                supervisor.keep(command(program, number, own, listeners.fds(program.listens)))
        questions = {"api": self._is_ready} if any(program.name == "api" for program in self._programs) else {}
        if await until_all(questions, what="programs", say=self._screen.say, gives_up=gives_up):
            took_s = asyncio.get_running_loop().time() - began
            self._screen.say(ready_block(self._home, self._settings, took_s=took_s))

    async def _claim_ports(self, parts: list[Part], listeners: Listeners) -> None:
        wanted = {name: number for part in parts for name, number in part.ports.items()}
        for program in self._programs:
            wanted |= served_ports(program, self._offset)
        for name, number in wanted.items():
            if not await _comes_free(number):
                raise PortTakenError(name, number)
        for name in sorted({name for program in self._programs for name in program.listens}):
            await _comes_free(self._port(name))
            listeners.open(name, self._port(name), self._settings.bind)

    def _warn_of_disk(self) -> None:
        found = disk(self._settings)
        if found.verdict is Verdict.WRONG:
            self._screen.say(f"disk: {found.text}; {found.advice}")

    def _environment(self, parts: list[Part]) -> dict[str, str]:
        env = {"HEADWATER_DRAIN_TIMEOUT": _DRAIN_TIMEOUT, PRIVATE_TARGETS: "allow"} | os.environ
        for part in parts:
            env |= part.settings
        own = {"HEADWATER_HOME": str(self._home.path), OFFSET_SETTING: str(self._offset)}
        return env | own | {"HEADWATER_PARENT_PID": str(os.getpid())}

    async def _is_ready(self) -> bool:
        return await http_status(self._port("rest"), "/readyz", self._settings.near_host) == 200

    def _is_own(self, part: str) -> bool:
        return part not in self._settings.outside

    def _port(self, name: str) -> int:
        return self._settings.port_of(name)

    @property
    def _offset(self) -> int:
        return self._settings.port_offset


async def _comes_free(number: int) -> bool:
    loop = asyncio.get_running_loop()
    until = loop.time() + _PATIENCE_S
    while not (free := is_free(number)) and loop.time() < until:  # noqa: ASYNC110  the kernel sends no event
        await asyncio.sleep(0.05)
    return free


def _raise_file_limit() -> None:
    """Take what the machine allows: a thousand viewers are a thousand open sockets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
