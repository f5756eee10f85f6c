"""Somebody who reads the documents and types what stands there, on a machine with ports of its own."""

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from services.common import ports
from services.machine.programs import CHECKOUT
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import eventually

_PATIENCE_S = 30.0
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_PLACE = re.compile(r"<([a-z ]+)>")
_PRELUDE = 'set -e\ncurl() { command curl -sS --fail-with-body "$@"; }\n'
_NOUNS = {"livestreams": "livestream", "media": "media", "webhooks": "webhook", "signing-keys": "key"}


class Reader:
    """Keeps what he was shown, to put it where a document has `<livestream id>`."""

    def __init__(self, machine: Machine, folder: Path, hooks: str) -> None:
        self._machine = machine
        self._folder = folder
        self._hooks = hooks
        self.known: dict[str, str] = {}
        self._background: list[asyncio.subprocess.Process] = []
        for name, target in ((".venv", CHECKOUT / ".venv"), ("var", machine.home.path)):
            (folder / name).symlink_to(target)

    @property
    def environment(self) -> Mapping[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        path = f"{Path(sys.executable).parent}:{clean['PATH']}"
        return clean | {"PATH": path, "PYTHONPATH": str(CHECKOUT), "HOME": str(self._folder)}

    def adapted(self, text: str) -> str:
        """A text of a document with this machine's ports, and what is known in the place of `<…>`."""
        for port in (ports.REST, ports.ORIGIN, ports.RTMP, ports.GRPC):
            text = re.sub(rf"(?<=127\.0\.0\.1:){port}\b", str(port + self._machine.offset), text)
        text = text.replace("https://example.org/hooks", self._hooks)
        return _PLACE.sub(lambda found: self.known.get(found[1], found[0]), text)

    async def type(self, script: str) -> str:
        """Run the lines of a block in one shell, one after the other; AssertionError if one of them fails."""
        said, before = "", _PRELUDE
        for line in script.replace("\\\n", " ").splitlines():
            words = self.adapted(line)
            if words.startswith("export "):
                before += f"{words}\n"
            elif words.startswith("ffmpeg -re "):
                await self._push(words)
            else:
                answer = await self.run("bash", "-c", before + words)
                await self._remember(words, answer)
                said += answer
        return said

    async def run(self, *command: str) -> str:
        """What a program says; AssertionError if it fails."""
        pipe = asyncio.subprocess.PIPE
        started = await asyncio.create_subprocess_exec(
            *command, cwd=self._folder, env=self.environment, stdout=pipe, stderr=pipe
        )
        async with asyncio.timeout(_PATIENCE_S):
            out, err = await started.communicate()
        assert started.returncode == 0, f"{' '.join(command)}\n{out.decode()}{err.decode()}"
        return out.decode()

    async def close(self) -> None:
        for process in self._background:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _push(self, words: str) -> None:
        """Start an encoder, and look at what it sends until there is something to keep."""
        quiet = asyncio.subprocess.DEVNULL
        command = words.split()
        self._background.append(
            await asyncio.create_subprocess_exec(*command, cwd=self._folder, stdin=quiet, stdout=quiet, stderr=quiet)
        )
        await eventually(self._segments, lambda count: count >= 2, "segments are listed", deadline_s=_PATIENCE_S)

    async def _segments(self) -> int:
        async with httpx.AsyncClient(base_url=f"{self._machine.origin}/{self.known['livestream id']}/") as client:
            whole = (await client.get("index.m3u8")).text
            named = [line for line in whole.splitlines() if line and not line.startswith("#")]
            return (await client.get(named[0])).text.count("#EXTINF") if named else 0

    async def _remember(self, words: str, answer: str) -> None:
        """Ids and keys that a command has printed; and where something takes a while, wait for it as a person would."""
        noun, verb = ([*words.rsplit("headwater ", maxsplit=1)[-1].split(), "", ""])[:2]
        ids = _ID.findall(answer)
        if noun in _NOUNS and verb in {"create", "list"} and ids:
            self.known[f"{_NOUNS[noun]} id"] = ids[0]
        if verb == "deliveries" and ids:
            self.known["delivery id"] = ids[0]
        for label, found in re.findall(r"^(primary key|secret) +(\S+)$", answer, re.MULTILINE):
            self.known[{"primary key": "stream key", "secret": f"{noun[:-1]} secret"}[label]] = found
        if (noun, verb) == ("livestreams", "idle"):
            await self._until_recorded()

    async def _until_recorded(self) -> None:
        client, livestream = self._machine.client(), self.known["livestream id"]
        await eventually(
            lambda: asyncio.to_thread(client.livestreams.get, livestream),
            lambda one: one["state"] == "IDLE",
            "the recording is complete",
            deadline_s=_PATIENCE_S,
        )
