"""Origins on real servers: in this process, or as programs that may be killed; and a client that asks them."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from services.common.health import Health
from services.common.tasks import cancel, spawn
from services.packager.origin.app import OriginApp, open_app
from services.packager.origin.settings import Settings
from tests.archiver.on_air import Broadcast, Stage
from tests.servers.ports import free_ports

PATIENCE_S = 30.0


@dataclass
class Site:
    """An origin, and how to ask it."""

    app: OriginApp
    client: httpx.AsyncClient
    port: int

    async def get(self, path: str, **options: object) -> httpx.Response:
        return await self.client.get(path, **options)  # type: ignore[arg-type]

    def ask(self, path: str) -> asyncio.Task[httpx.Response]:
        """Ask without waiting."""
        return spawn(self.client.get(path), name=f"GET {path}")

    async def waiting(self, count: int) -> None:
        """Return when that many requests are held."""
        async with asyncio.timeout(PATIENCE_S):
            while sum(each.waiting for each in self.app.directory.followers) != count:  # noqa: ASYNC110  sets no event
                await asyncio.sleep(0.01)


def environment_of(stage: Stage, **more: str) -> dict[str, str]:
    """The environment of an origin on the stage's servers."""
    given = {"IDLE_TIMEOUT": "5s", "AUDIENCE_INTERVAL": "1s", "UNKNOWN_POLICY": "allow", **more}
    return stage.environment | {f"HEADWATER_{name}": value for name, value in given.items()}


def read_settings(environment: dict[str, str]) -> Settings:
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        return Settings()
    finally:
        os.environ.clear()
        os.environ.update(before)


@asynccontextmanager
async def origin(stage: Stage, **more: str) -> AsyncIterator[Site]:
    """One in this process."""
    (port,) = free_ports(1)
    settings = read_settings(environment_of(stage, ORIGIN_PORT=str(port), **more))
    async with open_app(settings, Health()) as app, client(port) as asking:
        assert isinstance(app, OriginApp)
        tasks = [spawn(job.run(), name=job.name) for job in app.jobs()]
        try:
            yield Site(app, asking, port)
        finally:
            for task in tasks:
                await cancel(task)


@asynccontextmanager
async def client(port: int) -> AsyncIterator[httpx.AsyncClient]:
    """One that waits as long as a blocked request may take."""
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, limits=limits) as asking:
        yield asking


@asynccontextmanager
async def listener() -> AsyncIterator[socket.socket]:
    """A socket such as the supervisor hands down."""
    (port,) = free_ports(1)
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
        held.listen(256)
        held.setblocking(False)
        yield held


async def start_child(stage: Stage, held: socket.socket, name: str) -> Process:
    """An origin as a program of its own on that socket."""
    environment = environment_of(stage, SOCKETS=f'{{"origin": {held.fileno()}}}', REPLICA=name)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.packager.origin",
        env={**os.environ, **environment},
        stdout=PIPE,
        stderr=PIPE,
        pass_fds=(held.fileno(),),
    )


def path_of(broadcast: Broadcast, rest: str) -> str:
    return f"/{broadcast.record.broadcast_id}/{rest}"
