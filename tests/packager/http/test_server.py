"""The server's life: sharing a socket, draining, closing."""

import asyncio
import socket

import pytest

from services.packager.http import Server
from services.packager.http.connection import Connection
from tests.packager.http.raw_client import RawClient, split_answers
from tests.packager.http.site import PLAYLIST_BODY, Running, Site, eventually, listening_socket


async def test_answers_are_counted_and_reported(origin: Running, client: RawClient) -> None:
    """Status and body bytes of each, after it was handed out."""
    for target in ("/playlist", "/nothing"):
        client.get(target)
        await client.answer()
    counts = origin.server.counts
    assert (counts.requests, counts.classes[2], counts.classes[4]) == (2, 1, 1)
    assert origin.site.finished == [(b"/playlist", 200, len(PLAYLIST_BODY)), (b"/nothing", 404, 10)]
    assert origin.site.seen[0].peer == "127.0.0.1"


async def test_small_answers_are_not_held_back(origin: Running, client: RawClient) -> None:
    """TCP_NODELAY is set: a part must not wait for an acknowledgement."""
    client.get("/playlist")
    await client.answer()
    connection = next(iter(origin.server._desk.guests))
    assert isinstance(connection, Connection)
    assert connection._transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_drain_finishes_what_is_asked(origin: Running) -> None:
    """Idle connections close, a blocked request gets its answer and is told that it is the last."""
    idle, busy = await RawClient.connect(origin.port), await RawClient.connect(origin.port)
    idle.get("/playlist")
    await idle.answer()
    busy.get("/blocked")
    await eventually(lambda: origin.site.blocked)
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(origin.server.drain(grace_s=10))
        assert await idle.rest() == b""
        origin.site.publish()
        answer = split_answers(await busy.rest())[0]
        assert (answer.body, answer.headers["connection"]) == (PLAYLIST_BODY, "close")
        await idle.close()
        await busy.close()
    assert draining.result() is True


async def test_drain_ends_with_its_grace(origin: Running, client: RawClient) -> None:
    """Who is not done by then is cut off, and his waiter freed."""
    client.get("/blocked")
    await eventually(lambda: origin.site.blocked)
    assert await origin.server.drain(grace_s=0.05) is False
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.answer()
    await eventually(lambda: not origin.site.blocked)
    await eventually(lambda: origin.server.counts.open_connections == 0)


async def test_two_servers_share_a_socket_and_one_may_leave() -> None:
    """No connection is refused while the other drains: the socket is its owner's, not the server's."""
    with listening_socket() as listening:
        port = listening.getsockname()[1]
        sites = Site(), Site()
        servers = [Server(site) for site in sites]
        for server in servers:
            await server.start(listening.dup())
        await servers[0].drain(grace_s=1)
        seen = len(sites[0].seen)
        for _ in range(20):
            client = await RawClient.connect(port)
            client.get("/playlist")
            assert (await client.answer()).status == 200
            await client.close()
        assert len(sites[0].seen) == seen
        assert len(sites[1].seen) == 20
        await servers[1].drain(grace_s=1)


async def test_connections_wait_while_nobody_serves() -> None:
    """Between one process and the next the backlog holds them."""
    with listening_socket() as listening:
        client = await RawClient.connect(listening.getsockname()[1])
        client.get("/playlist")
        server = Server(Site())
        await server.start(listening.dup())
        assert (await client.answer()).body == PLAYLIST_BODY
        await client.close()
        await server.drain(grace_s=1)
