"""A server as a child process: started until it really serves, stopped, killed, paused, and started again in place."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.nursery import Forked, nursery
from tests.servers.ports import free_ports, listens

# Long, because a program takes a second of a core to start, and other tests may have all of them.
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
POLL_S = 0.02
# A port may be taken between choosing and binding it; other tests run beside this one.
ATTEMPTS = 3


class DidNotStartError(RuntimeError):
    """The server ended, or did not serve within START_TIMEOUT_S; the end of its log is in the text."""


class Server:
    """What all servers have in common; a subclass says the command, and what it takes to be ready.

    Without `port` a free one is chosen at the first start and kept for all later ones, as is the folder.
    """

    name = "server"
    ports_needed = 1
    module: str | None = None
    """One of tests.servers.nursery.PROGRAMS, which is forked from a process that has it loaded."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.log = folder / f"{self.name}.log"
        self._fixed = port
        self._ports: list[int] = []
        self._process: subprocess.Popen[bytes] | Forked | None = None

    def command(self) -> list[str]:
        assert self.module, "what has no module has a command"
        return [sys.executable, "-m", self.module]

    def environment(self) -> dict[str, str]:
        """What the process sees beside the environment of the tests."""
        return {}

    def is_ready(self) -> bool:
        """Asked while our child listens on the port: does it answer as it should?"""
        return True

    @property
    def port(self) -> int:
        return self.ports[0]

    @property
    def ports(self) -> list[int]:
        if not self._ports:
            raise RuntimeError(f"{self.name} has not been started")
        return self._ports

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start, and return when it serves; on the same folder and port as before, if it ran before."""
        if self.is_running:
            raise RuntimeError(f"{self.name} runs already")
        self.folder.mkdir(parents=True, exist_ok=True)
        attempts = 1 if self._ports or self._fixed else ATTEMPTS
        for attempt in range(1, attempts + 1):
            if not self._ports or attempt > 1:
                self._choose_ports()
            self._spawn()
            if self._await_ready():
                return
            self.kill()
        raise DidNotStartError(f"{self.name}: {' '.join(self.command())}\n{self.log_tail()}")

    def stop(self) -> None:
        """End in order (SIGTERM), by force if that takes longer than STOP_TIMEOUT_S; nothing if it does not run."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.send_signal(signal.SIGCONT)  # a paused process hears SIGTERM only when it goes on
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End as a power cut would (SIGKILL); nothing if it does not run."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def restart(self, *, by_force: bool = False) -> None:
        """Stop (or kill, `by_force`) and start again on the same folder and port."""
        if by_force:
            self.kill()
        else:
            self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze it (SIGSTOP): its connections stay open, and from the return of this on nothing answers."""
        process, deadline = self._running(), time.monotonic() + STOP_TIMEOUT_S
        process.send_signal(signal.SIGSTOP)
        while process.poll() is None and not _is_stopped(process.pid):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} does not stand still")
            time.sleep(POLL_S)

    def resume(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def log_tail(self, lines: int = 20) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _running(self) -> "subprocess.Popen[bytes] | Forked":
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._process

    def _choose_ports(self) -> None:
        if self._fixed is None:
            self._ports = free_ports(self.ports_needed)
        else:
            self._ports = [self._fixed, *free_ports(self.ports_needed - 1)] if self.ports_needed > 1 else [self._fixed]

    def _spawn(self) -> None:
        environment = {**os.environ, **self.environment()}
        if self.module is not None:
            self._process = nursery().start(self.module, self.folder, environment, self.log)
            return
        # setpriv makes the child die with the tests even when these are killed, and keeps its process id.
        guard = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*guard, *self.command()],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )

    def _await_ready(self) -> bool:
        process, deadline = self._running(), time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and process.poll() is None:
            if listens(process.pid, self.port) and self.is_ready():
                return True
            time.sleep(POLL_S)
        return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()  # the folder is thrown away with the test

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.kill)


def _is_stopped(pid: int) -> bool:
    """Whether each thread stands: one that runs on another core goes on for a moment after the signal was sent."""
    try:
        stats = [stat.read_text(errors="replace") for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    except (FileNotFoundError, ProcessLookupError):  # a thread ended meanwhile
        return False
    return bool(stats) and all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


def program(name: str) -> str | None:
    """Where a server's program is: beside this Python, as wheels install it, else on the PATH."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def needed(name: str) -> str:
    """As `program`, for one that `make setup` installs."""
    found = program(name)
    if found is None:
        raise FileNotFoundError(f"{name} is neither in the virtual environment nor on the PATH; run `make setup`")
    return found
