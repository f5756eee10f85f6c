"""`headwater run --only <program>`: one more of a program beside a running system."""

import asyncio
import os
from contextlib import ExitStack
from typing import TextIO

from services.common import ports
from services.machine.child import Children, Command
from services.machine.home import Home, HomeInUseError
from services.machine.listeners import Listeners
from services.machine.ports import OFFSET_SETTING, PORTS, next_free
from services.machine.programs import Program, called, command, replica_name
from services.machine.screen import Screen
from services.machine.settings import MachineSettings
from services.machine.stopping import StopSignals
from services.machine.supervisor import Supervisor

_MOST = 64


class NotRunningError(Exception):
    """There is no running system, or no such program, to start one more for."""


class Replica:
    """One more replica of one program, kept running until a signal."""

    def __init__(self, settings: MachineSettings, name: str, out: TextIO | None = None) -> None:
        self._home = Home(settings.home)
        self._bind = settings.bind
        self._env = self._running_environment()
        self._program = _program(name)
        self._screen = Screen(self._home, out)

    async def run(self) -> int:
        """Run until a signal. NotRunningError if all places are taken."""
        with ExitStack() as stack:
            number = self._take_place(stack)
            signals = stack.enter_context(StopSignals())
            listeners = stack.enter_context(Listeners())
            children = stack.enter_context(Children(self._home))
            async with asyncio.TaskGroup() as tasks:
                supervisor = Supervisor(children, self._screen, tasks)
                signals.on_second(supervisor.kill)
                supervisor.keep(self._command(number, listeners))
                await supervisor.watch(signals.asked)
                await supervisor.stop([(self._program.name,)])
        return 0

    def _running_environment(self) -> dict[str, str]:
        kept = self._home.environment()
        if kept is None or not self._home.is_held():
            raise NotRunningError(f"nothing runs on {self._home.path}; `headwater run` starts it")
        return kept

    def _take_place(self, stack: ExitStack) -> int:
        for number in range(self._program.count + 1, _MOST):
            try:
                stack.enter_context(self._home.hold(replica_name(self._program.name, number)))
            except HomeInUseError:
                continue
            return number
        raise NotRunningError(f"{_MOST} of {self._program.name} run already")

    def _command(self, number: int, listeners: Listeners) -> Command:
        offset = int(self._env[OFFSET_SETTING])
        after = offset + len(ports.PROGRAMS) + 1  # past the places of what `headwater run` starts
        env = os.environ | self._env | {"HEADWATER_PARENT_PID": str(os.getpid())}
        env |= {"HEADWATER_METRICS_PORT": str(next_free(ports.METRICS + after))}
        env |= {"HEADWATER_GRPC_PORT": str(next_free(ports.INTERNAL_GRPC + after))}
        env |= {setting: str(next_free(number + offset)) for setting, number in self._program.serves.items()}
        where = [f"metrics {env['HEADWATER_METRICS_PORT']}"]
        for name in self._program.listens:
            free = next_free(PORTS[name] + offset)
            listeners.open(name, free, self._bind)
            where.append(f"{name} {free}")
        where += [f"{setting} {env[setting]}" for setting in self._program.serves]
        name = replica_name(self._program.name, number)
        self._screen.say(f"{name}: {', '.join(where)}; log {self._home.log_path(name)}; Ctrl-C stops it")
        return command(self._program, number, env, listeners.fds(self._program.listens))


def _program(name: str) -> Program:
    try:
        program = called(name)
    except KeyError as error:
        raise NotRunningError(str(error.args[0])) from None
    if not program.is_there:
        raise NotRunningError(f"this version has no program {name} yet")
    return program
