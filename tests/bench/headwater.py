"""The whole system as a child process on a folder of its own: what is measured."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from headwater.rest.client import RestClient
from services.common import ports
from services.machine.home import Home
from tests.bench import scrape
from tests.bench.encoders import guarded
from tests.bench.progress import say
from tests.machine.running import free_offset

SERVERS = ("nats", "redis", "s3")
"""Counted apart: they are not ours."""

_READY_S = 90.0
_STOP_S = 40.0
_SAY_EACH_S = 5.0


class Headwater:
    """`headwater run` in a temporary state folder, on free ports; stopped in order at the end of the block."""

    name = "headwater"

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are HEADWATER_* variables; those of the shell are not handed on."""
        self.home = folder / "var"
        self.offset = free_offset()
        self._settings = dict(settings or {})
        self._output = folder / "headwater.out"
        self._process: subprocess.Popen[bytes] | None = None
        self._streams: list[dict[str, Any]] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{ports.ORIGIN + self.offset}"

    @property
    def nats_url(self) -> str:
        """With the password that this machine has made; to be asked of a running one."""
        kept = Home(self.home).environment() or {}
        return kept["HEADWATER_NATS_URL"]

    def livestream(self, index: int) -> dict[str, Any]:
        """The `index`-th livestream as the API shows it, made when first asked for."""
        while len(self._streams) <= index:
            self._streams.append(self._client().livestreams.create(name=f"bench {len(self._streams)}"))
        return self._streams[index]

    def broadcast(self, index: int) -> str:
        """The id of the broadcast that is on air on the `index`-th livestream; empty if none is."""
        found = self._client().livestreams.get(self.livestream(index)["id"])
        return str(found.get("broadcastId", ""))

    def end(self, index: int) -> None:
        """End the broadcast on air on the `index`-th livestream."""
        self._client().livestreams.idle(self.livestream(index)["id"])

    def _client(self) -> RestClient:
        token = (self.home / "admin-token").read_text().strip()
        return RestClient(f"http://127.0.0.1:{ports.REST + self.offset}", token)

    def push_url(self, index: int) -> str:
        """Where an encoder of the `index`-th stream sends to."""
        way = next(one for one in self.livestream(index)["inputs"] if one["instance"] == "primary")
        return f"{way['url'].rstrip('/')}/{way['streamKey']}"

    def pids(self) -> dict[str, int]:
        """Every program by its name in run/, and the supervisor."""
        found = {path.stem: int(path.read_text()) for path in sorted((self.home / "run").glob("*.pid"))}
        return found | {"supervisor": self._running().pid}

    def alone(self) -> set[str]:
        """Programs whose children are counted by their own names."""
        return {"supervisor"}

    def metrics(self, program: str) -> dict[str, float]:
        """What a program's first replica says at /metrics."""
        return scrape.read(ports.metrics_port(program) + self.offset)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("headwater does not run")
        return self._process

    def _start(self) -> None:
        own = {"HEADWATER_HOME": str(self.home), "HEADWATER_PORT_OFFSET": str(self.offset)}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        command = guarded([sys.executable, "-m", "headwater.cli", "run"])
        with self._output.open("wb") as out:
            self._process = subprocess.Popen(
                command, env=clean | own | self._settings, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    def _await_ready(self) -> None:
        began, said_s = time.monotonic(), 0.0
        while not self._is_ready():
            waited_s = time.monotonic() - began
            if self._running().poll() is not None or waited_s > _READY_S:
                raise RuntimeError(f"headwater did not start:\n{self._output.read_text()[-2000:]}")
            if waited_s - said_s >= _SAY_EACH_S:
                said_s = waited_s
                say(f"waiting for headwater ({waited_s:.0f} s)")
            time.sleep(0.2)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{ports.REST + self.offset}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        say(f"starting headwater in {self.home}, ports + {self.offset}")
        self._start()
        try:
            self._await_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        say("stopping headwater")
        self._stop()

    def _stop(self) -> None:
        process = self._running()
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()  # its children die with it
            process.wait()
