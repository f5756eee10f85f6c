"""Programs of ours started many times over: loaded once, and then forked, which takes a tenth of the CPU of a start.

A program that is loaded anew is shown by whole machines (tests/e2e, tests/machine); the tests that take a process for
each file of tests, or for each kill, are about what it does.
"""

import asyncio
import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

PROGRAMS = tuple(f"services.{name}" for name in ("api", "archiver", "ingest", "packager", "stats"))

_CHECKOUT = Path(__file__).parents[2]
_PATIENCE_S = 60.0


class Forked:
    """One that was started, with as much of subprocess.Popen's face as a Server needs."""

    def __init__(self, pid: int, status_of: Callable[[int, float | None], int | None]) -> None:
        self.pid = pid
        self._status_of = status_of
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._status_of(self.pid, 0.0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self.returncode = self._status_of(self.pid, timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkedProcess:
    """The same with the face of asyncio's Process."""

    def __init__(self, forked: Forked) -> None:
        self._forked = forked
        self.pid = forked.pid
        self.send_signal = forked.send_signal
        self.terminate = forked.terminate
        self.kill = forked.kill

    @property
    def returncode(self) -> int | None:
        return self._forked.poll()

    async def wait(self) -> int:
        return await asyncio.to_thread(self._forked.wait)


class Nursery:
    """The process that has loaded `modules`. Calls may come from any thread."""

    def __init__(self, *modules: str) -> None:
        command = [sys.executable, "-m", "tests.servers.nursery_process", *modules]
        self._process = subprocess.Popen(
            command, cwd=_CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
        )
        self._starting = threading.Lock()
        self._heard = threading.Condition()
        self._born: list[int] = []
        self._statuses: dict[int, int] = {}
        self._is_over = False
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()

    def start(self, module: str, folder: Path, environment: Mapping[str, str], log: Path) -> Forked:
        """`python -m module` in this folder, with this environment and no other; it writes to the end of `log`."""
        log.touch()  # whoever reads it need not wait for it
        order = {"module": module, "folder": str(folder), "environment": dict(environment), "log": str(log)}
        with self._starting:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            with self._heard:
                assert self._heard.wait_for(lambda: self._born or self._is_over, _PATIENCE_S), "the nursery is silent"
                assert self._born, "the nursery has ended"
                return Forked(self._born.pop(), self._status_of)

    def close(self) -> None:
        """End it, and with it whatever it has started."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_PATIENCE_S)

    def _status_of(self, pid: int, timeout: float | None) -> int | None:
        with self._heard:
            self._heard.wait_for(lambda: pid in self._statuses or self._is_over, timeout)
            return self._statuses.get(pid, -signal.SIGKILL if self._is_over else None)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._note(json.loads(line))
        with self._heard:
            self._is_over = True
            self._heard.notify_all()

    def _note(self, said: Mapping[str, int]) -> None:
        with self._heard:
            if "started" in said:
                self._born.append(said["started"])
            else:
                self._statuses[said["ended"]] = said["status"]
            self._heard.notify_all()


@cache
def nursery() -> Nursery:
    """The one of PROGRAMS, for the whole run of tests or its worker."""
    made = Nursery(*(f"{program}.app" for program in PROGRAMS))
    atexit.register(made.close)
    return made


async def forked(module: str, environment: Mapping[str, str], log: Path) -> ForkedProcess:
    """One of PROGRAMS with our environment and this one; it writes to the end of `log`, whose folder is its own."""
    everything = {**os.environ, **environment}
    return ForkedProcess(await asyncio.to_thread(lambda: nursery().start(module, log.parent, everything, log)))
