"""Servers for the tests of this folder, on the loop that production uses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack

import pytest
import uvloop

from services.packager.http import Limits, Server
from tests.packager.http.raw_client import RawClient
from tests.packager.http.site import Running, Site, listening_socket


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[Running]]]:
    """`await start(Limits(...))` gives a running server with a site of its own; all are closed at the end."""
    running: list[Running] = []
    with ExitStack() as sockets:

        async def begin(limits: Limits | None = None) -> Running:
            site = Site()
            server = Server(site, limits=limits, on_finished=site.note)
            listening = sockets.enter_context(listening_socket())
            port = listening.getsockname()[1]
            await server.start(listening.dup())
            running.append(Running(server, site, port))
            return running[-1]

        yield begin
        for one in running:
            await one.server.drain(grace_s=0.0)


@pytest.fixture
async def origin(start: Callable[..., Awaitable[Running]]) -> Running:
    """A server with the limits of production."""
    return await start()


@pytest.fixture
async def connect(origin: Running) -> AsyncIterator[Callable[[], Awaitable[RawClient]]]:
    """`await connect()` opens a connection to `origin`; all are closed at the end."""
    clients: list[RawClient] = []

    async def open_one() -> RawClient:
        clients.append(await RawClient.connect(origin.port))
        return clients[-1]

    yield open_one
    for client in clients:
        await client.close()


@pytest.fixture
async def client(connect: Callable[[], Awaitable[RawClient]]) -> RawClient:
    """One connection to `origin`."""
    return await connect()
