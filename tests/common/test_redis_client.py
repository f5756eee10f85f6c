"""Redis that dies, hangs and comes back: an error in time, each change told once, and no reconnecting by hand."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.common.errors import AppError, Kind
from services.common.redis_client import Redis
from services.common.tasks import cancel, spawn
from tests.common.bus.waiting import until
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.connected


@pytest.fixture
def changes() -> list[bool]:
    return []


@pytest.fixture
async def own(own_redis: RedisServer, changes: list[bool]) -> AsyncIterator[Redis]:
    """On a server that the test may kill."""
    async with Redis(own_redis.url, on_change=changes.append, timeout_s=0.5) as redis:
        yield redis


async def test_commands_are_answered_in_order(redis_server: RedisServer) -> None:
    """Bytes come back as bytes."""
    key = uuid4().hex
    async with Redis(redis_server.url) as redis:
        answers = await redis.run([("SET", key, b"\x00\xff"), ("GET", key), ("DEL", key), ("GET", key)])

    assert answers[1:] == [b"\x00\xff", 1, None]


async def test_refused_command_fails_the_call_unless_it_may_be_refused(redis_server: RedisServer) -> None:
    """The others are carried out in both cases."""
    key = uuid4().hex
    commands = [("SET", key, "x"), ("ZCARD", key), ("GET", key)]
    async with Redis(redis_server.url) as redis:
        with pytest.raises(AppError) as refusal:
            await redis.run(commands)
        answers = await redis.run([*commands, ("DEL", key)], may_refuse=True)

    assert refusal.value.kind is Kind.UNAVAILABLE
    assert answers[1:3] == [None, b"x"]


async def test_killed_redis_is_unavailable_and_used_again_when_it_is_back(
    own: Redis, own_redis: RedisServer, changes: list[bool]
) -> None:
    """Each change is told once, however often it is asked."""
    await own.run([("SET", "key", "kept")])
    own_redis.kill()
    for _ in range(3):
        with pytest.raises(AppError) as refusal:
            await own.run([("GET", "key")])
        assert refusal.value.kind is Kind.UNAVAILABLE
    await asyncio.to_thread(own_redis.start)
    answers = await own.run([("GET", "key")])

    assert answers == [b"kept"]
    assert changes == [True, False, True]


async def test_restart_between_two_calls_is_not_noticed(
    own: Redis, own_redis: RedisServer, changes: list[bool]
) -> None:
    """A pooled connection of before the restart is replaced within the call."""
    await own.run([("PING",)])
    await asyncio.to_thread(own_redis.restart, by_force=True)
    await own.run([("PING",)])

    assert changes == [True]


async def test_hanging_redis_ends_the_call_at_its_deadline(own: Redis, own_redis: RedisServer) -> None:
    """It accepts and never answers; many calls at once wait no longer than one."""
    await own.run([("PING",)])
    own_redis.pause()
    try:
        async with asyncio.timeout(10):
            ends = await asyncio.gather(*(own.run([("PING",)]) for _ in range(50)), return_exceptions=True)
    finally:
        own_redis.resume()

    assert all(isinstance(end, AppError) and end.kind is Kind.UNAVAILABLE for end in ends)
    await own.run([("PING",)])


async def test_watch_tells_of_a_loss_that_nobody_asked_for(
    own: Redis, own_redis: RedisServer, changes: list[bool]
) -> None:
    """The metric is right also while nobody uses Redis."""
    watching = spawn(own.watch(), name="watch")
    await until(lambda: changes == [True])
    own_redis.kill()
    await until(lambda: changes == [True, False])

    assert await cancel(watching)


def test_url_that_is_none_is_refused_at_once() -> None:
    """Nobody has to wait for the first call to learn it."""
    with pytest.raises(ValueError, match="redis"):
        Redis("http://127.0.0.1:1")
