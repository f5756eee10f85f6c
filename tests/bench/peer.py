"""A peer as a child process: started until its RTMP port answers, stopped at the end of the block."""

import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.bench.encoders import guarded
from tests.bench.progress import say
from tests.servers.ports import free_ports, is_free

_START_S = 15.0
_STOP_S = 10.0


class Peer:
    """What peers have in common; a subclass writes the configuration and says the command."""

    name: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rtmp, self.http = free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Writes what it needs below `folder`; UnavailableError if it is not on this machine."""
        raise NotImplementedError

    def push_url(self, index: int) -> str:
        return f"rtmp://127.0.0.1:{self.rtmp}/live/stream{index}"

    def pids(self) -> dict[str, int]:
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return {self.name: self._process.pid}

    def alone(self) -> set[str]:
        """None: its workers are its own."""
        return set()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = self.command()
        say(f"starting {self.name} in {self.folder}")
        log = self.folder / "output.log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                guarded(command), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        deadline = time.monotonic() + _START_S
        while is_free(self.rtmp):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._stop()
                raise RuntimeError(f"{self.name} did not start: {log.read_text()[-500:]}")
            time.sleep(0.1)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
