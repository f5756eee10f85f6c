"""A whole machine as a child process of a test."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.common import ports
from services.machine.home import Home
from services.machine.ports import PORTS, is_free
from tests.machine.programs import is_alive, pid_of, until
from tests.servers.ports import share

OFFSETS = range(10_960, 15_200, 351)
"""With the first, gRPC's 50051 and up come to lie above the range of outgoing connections, whose end is 60999; and no
port of a machine at one of these is a port of a machine at another."""

_WANTED = {*PORTS.values(), *(ports.S3 + step for step in range(15))}
_WANTED |= {first + place for first in (ports.METRICS, ports.INTERNAL_GRPC) for place in range(12)}


@dataclass
class Running:
    """The process, its state folder, and where its ports are."""

    process: subprocess.Popen[str]
    home: Home
    offset: int
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    async def ready(self) -> None:
        await until(lambda: "Headwater is ready" in self.said() or self.process.poll() is not None, deadline_s=40)
        assert "Headwater is ready" in self.said(), self.said()

    def pids(self) -> dict[str, int]:
        return {path.stem: pid_of(self.home, path.stem) for path in self.home.run.glob("*.pid")}

    async def ended(self) -> int:
        await until(lambda: self.process.poll() is not None, deadline_s=40)
        return self.process.returncode


def free_offset() -> int:
    """A port offset with which every port that a machine opens is free, outside the range of outgoing connections."""
    for offset in share(OFFSETS):
        if all(is_free(number + offset) for number in _WANTED):
            return offset
    raise RuntimeError("no free port offset")


@contextmanager
def machine(
    home: Path, *words: str, offset: int | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """`headwater run` with small programs; whatever is left at the end is killed."""
    chosen = free_offset() if offset is None else offset
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
    own = {"HEADWATER_HOME": str(home), "HEADWATER_PORT_OFFSET": str(chosen)}
    folder = next(folder for folder in home.parents if folder.is_dir())
    output = folder / f"said-{'-'.join(words) or 'machine'}-{random.randrange(10**9)}"
    with output.open("w") as out:
        argv = [sys.executable, "-m", "tests.machine.small_machine", *words]
        process = subprocess.Popen(argv, env=clean | own | dict(env or {}), stdout=out, stderr=out, text=True)
    try:
        yield Running(process, Home(home), chosen, output)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


async def all_gone(pids: Mapping[str, int]) -> None:
    """Wait until none of them runs."""
    await until(lambda: not any(is_alive(pid) for pid in pids.values()))
