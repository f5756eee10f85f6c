"""Child processes: started so that they die with us, and awaited without threads."""

import asyncio
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from services.machine.home import Home
from services.machine.logfile import rotate

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl  # loaded here, because the child may not load anything


@dataclass(frozen=True)
class Command:
    """What to run. `name` is that of its pid file and of its log."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    fds: tuple[int, ...] = ()
    cwd: Path | None = None


@dataclass(eq=False)
class Child:
    """One running process."""

    name: str
    process: subprocess.Popen[bytes]
    started_at: float
    """By the loop's clock, in seconds."""
    ended: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Its return code, negative for a signal, as in subprocess."""

    def send(self, number: signal.Signals) -> None:
        """Signal it, unless it has been reaped: its pid may be another's by then."""
        if not self.ended.done():
            self.process.send_signal(number)


class Children:
    """All processes started here. One in each process, in its main thread: PDEATHSIG counts the thread as parent."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._running: set[Child] = set()

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill_all()
        for child in self._running:
            child.process.wait()
        self._reap()
        asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)

    def start(self, command: Command) -> Child:
        """Start `command` with its output in its log and its pid in its pid file. OSError if it cannot be run."""
        log = self._home.log_path(command.name)
        rotate(log)
        with log.open("ab") as output:
            process = subprocess.Popen(
                command.argv,
                env=command.env,
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=command.fds,
                process_group=0,  # Ctrl-C is for the supervisor, which stops all in order
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509  two system calls, and we have no threads
            )
        child = Child(command.name, process, asyncio.get_running_loop().time())
        self._running.add(child)
        self._write_pid(child)
        return child

    def kill_all(self) -> None:
        for child in self._running:
            child.send(signal.SIGKILL)

    def rotate_logs(self) -> None:
        """Bound the logs of those who run, in case one of them talks too much."""
        for child in self._running:
            rotate(self._home.log_path(child.name))

    def note(self, name: str, line: str) -> None:
        """Write a line of our own into the log of `name`."""
        with suppress(OSError), self._home.log_path(name).open("a") as log:  # on a full disk it goes unsaid
            log.write(f"supervisor: {line}\n")

    def _write_pid(self, child: Child) -> None:
        path = self._home.pid_path(child.name)
        temporary = path.with_suffix(".new")
        with suppress(OSError):  # the process runs, and may not be started twice because the disk is full
            temporary.write_text(f"{child.process.pid}\n")
            temporary.replace(path)

    def _reap(self) -> None:
        for child in [c for c in self._running if c.process.poll() is not None]:
            self._running.discard(child)
            self._home.pid_path(child.name).unlink(missing_ok=True)
            if not child.ended.done():
                child.ended.set_result(child.process.returncode)


def _die_with(parent: int) -> Callable[[], None]:
    def arrange() -> None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died between fork and here, and no signal will come
            os._exit(1)

    return arrange
