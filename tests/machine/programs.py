"""Small real programs that the tests of the supervisor run."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from services.machine.child import Children, Command
from services.machine.home import Home
from services.machine.screen import Screen
from services.machine.supervisor import Supervisor

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
BREAKING = """
import signal, sys, time
def leave(*_):
    print("cannot let go", flush=True)
    sys.exit(3)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
time.sleep(600)
"""
NOTING = """
import os, signal, sys, time
def leave(*_):
    with open(os.environ["ORDER"], "a") as order:
        order.write(os.environ["NAME"] + " ")
    sys.exit()
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
time.sleep(600)
"""
GREETER = """
import json, os, socket
listener = socket.socket(fileno=json.loads(os.environ["HEADWATER_SOCKETS"])["rtmp"])
listener.setblocking(True)
print("up", flush=True)
while True:
    connection, _ = listener.accept()
    connection.sendall(b"hello from %d" % os.getpid())
    connection.close()
"""


def python(name: str, code: str, env: dict[str, str] | None = None, fds: tuple[int, ...] = ()) -> Command:
    """A command that runs `code`."""
    return Command(name, (sys.executable, "-c", code), dict(os.environ) | (env or {}), fds)


async def until(condition: Callable[[], bool], *, deadline_s: float = 20.0) -> None:
    """Poll until `condition` holds; TimeoutError if it never does."""
    async with asyncio.timeout(deadline_s):
        while not condition():  # noqa: ASYNC110  processes and files send no event
            await asyncio.sleep(0.01)


async def started(home: Home, name: str, *, other_than: int = 0) -> int:
    """The pid of a running `name`, once it has one (another than the given)."""
    await until(lambda: pid_of(home, name) not in (0, other_than))
    return pid_of(home, name)


def pid_of(home: Home, name: str) -> int:
    """The pid in a pid file; 0 without one."""
    path = home.pid_path(name)
    return int(path.read_text()) if path.exists() else 0


def is_alive(pid: int) -> bool:
    """True while `pid` runs (a zombie does not)."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@asynccontextmanager
async def supervised(home: Home) -> AsyncIterator[Supervisor]:
    """A supervisor in this process; whatever it still runs at the end is killed."""
    with (home.logs / "screen").open("w") as out, Children(home) as children:
        async with asyncio.TaskGroup() as tasks:
            supervisor = Supervisor(children, Screen(home, out), tasks)
            try:
                yield supervisor
            finally:
                supervisor.kill()
