"""`headwater run` as a child of the tests: a state folder and ports of its own, and every program of it by name."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from headwater.rest.client import RestClient
from services.common import ports
from services.machine.home import Home
from services.machine.probe import http_status
from services.machine.programs import CHECKOUT
from tests.e2e.harness.logs import accidents
from tests.e2e.harness.waiting import eventually, until
from tests.machine.programs import is_alive, pid_of
from tests.machine.running import free_offset

READY_S = 60.0
BACK_S = 30.0
STOP_S = 40.0
POLL_S = 0.02
SAID_CHARACTERS = 2000


class Machine:
    """One running system."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.home = Home(folder / "var")
        self.offset = free_offset()
        self._own = dict(env or {})
        self._output = folder / "said"
        self._process: subprocess.Popen[bytes] | None = None
        self._extras: list[subprocess.Popen[bytes]] = []
        self._killed: dict[str, int] = {}
        self._logged_before: dict[str, int] = {}
        """Bytes that a log had when one more of a program was started: that name may have been another's."""

    # -- where things are ---------------------------------------------------------------------------

    @property
    def rest(self) -> str:
        return f"http://127.0.0.1:{ports.REST + self.offset}"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{ports.ORIGIN + self.offset}"

    @property
    def nats(self) -> str:
        return f"nats://127.0.0.1:{ports.NATS + self.offset}"

    @property
    def environment(self) -> dict[str, str]:
        """What its programs are told, with the servers' addresses and passwords."""
        return self.home.environment() or {}

    @property
    def rtmp_port(self) -> int:
        return ports.RTMP + self.offset

    def client(self) -> RestClient:
        """The API with the admin's token. Its calls block: `await asyncio.to_thread(...)`."""
        return RestClient(self.rest, self.home.admin_token_path.read_text().strip())

    def page(self, path: str) -> str:
        return f"{self.origin}/{path}"

    # -- life ---------------------------------------------------------------------------------------

    def start(self) -> None:
        self._process = self._spawn("run")

    async def ready(self) -> None:
        """Return when an encoder may connect and a viewer may watch."""
        await until(lambda: self._is_printed() or not self._lives(), "ready", deadline_s=READY_S)
        assert self._lives(), self.said()

    def more(self, program: str) -> str:
        """Start one more of a program beside; the answer is its name, as its pid file and log have it."""
        before = {path.stem for path in self.home.run.glob("*.pid")}
        taken = [name for name in before if name.partition("-")[0] == program]
        number = next(n for n in range(2, 64) if f"{program}-{n}" not in taken)
        name = f"{program}-{number}"
        log = self.home.log_path(name)
        self._logged_before[name] = log.stat().st_size if log.exists() else 0
        self._extras.append(self._spawn("run", "--only", program))
        return name

    def said(self) -> str:
        """What was printed for people."""
        return self._output.read_text(errors="replace")

    def stop_extras(self) -> None:
        """End what was started by `more`, as `stop` does."""
        for process in self._extras:
            if process.poll() is None:
                process.terminate()
        for process in self._extras:
            _wait_or_kill(process)
        self._extras.clear()

    def stop(self) -> None:
        """End everything in order, by force what does not end in STOP_S seconds."""
        for process in (*self._extras, self._process):
            if process is not None and process.poll() is None:
                process.terminate()
        for process in (*self._extras, self._process):
            if process is not None:
                _wait_or_kill(process)

    # -- what one does to it --------------------------------------------------------------------------

    def pid(self, program: str) -> int:
        """Its process id; 0 while it does not run."""
        return pid_of(self.home, program)

    def kill(self, program: str) -> int:
        """End it as a power cut would (SIGKILL). The answer is the pid that it had."""
        self._killed[program] = self.signal(program, signal.SIGKILL)
        return self._killed[program]

    def pause(self, program: str) -> int:
        return self.signal(program, signal.SIGSTOP)

    def resume(self, pid: int) -> None:
        os.kill(pid, signal.SIGCONT)

    def signal(self, program: str, number: signal.Signals) -> int:
        pid = self.pid(program)
        assert pid, f"{program} does not run"
        os.kill(pid, number)
        return pid

    async def running(self, program: str, *, other_than: int = 0) -> int:
        """The pid of a program once it runs (again, as another process than the given and than the one last killed)."""
        gone = {0, other_than, self._killed.get(program, 0)}  # a pid file outlives its process by a moment
        try:
            await until(lambda: self.pid(program) not in gone, f"{program} runs", deadline_s=BACK_S, poll_s=POLL_S)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.said()[-SAID_CHARACTERS:]}") from None
        return self.pid(program)

    async def serving(self, program: str, *, deadline_s: float = BACK_S) -> None:
        """Return when the first replica of a program says itself that it is ready."""
        port = ports.metrics_port(program) + self.offset
        await eventually(
            lambda: http_status(port, "/readyz", "127.0.0.1"),
            lambda status: status == 200,
            f"{program} is ready",
            deadline_s=deadline_s,
        )

    async def log_says(self, program: str, words: str, *, deadline_s: float = BACK_S) -> None:
        """Return when a line with these words stands in the log of a program."""
        path, before = self.home.log_path(program), self._logged_before.get(program, 0)
        await until(
            lambda: path.exists() and words.encode() in path.read_bytes()[before:],
            f"{words!r} in {path.name}",
            deadline_s=deadline_s,
        )

    # -- the rest -------------------------------------------------------------------------------------

    def _is_printed(self) -> bool:
        return "Headwater is ready" in self.said()

    def _lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _spawn(self, *words: str) -> "subprocess.Popen[bytes]":
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        own = {"HEADWATER_HOME": str(self.home.path), "HEADWATER_PORT_OFFSET": str(self.offset)}
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._output.open("ab") as out:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "headwater.cli", *words],
                cwd=CHECKOUT,
                env=clean | own | self._own,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                process_group=0,
            )


def _wait_or_kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()  # its children go with it
        process.wait()


@contextmanager
def machine(folder: Path, env: Mapping[str, str] | None = None) -> Iterator[Machine]:
    """A machine for as long as the block; at its end nothing of it runs, and its logs tell of no accident."""
    running = Machine(folder, env)
    running.start()
    try:
        yield running
    finally:
        pids = [running.pid(path.stem) for path in running.home.run.glob("*.pid")]
        running.stop()
    assert not [pid for pid in pids if pid and is_alive(pid)], "processes outlived their supervisor"
    assert (found := accidents(running.home.logs)) == [], "\n".join(found)
