"""The Redis of one machine: its configuration, and what programs may do there."""

import asyncio
import stat
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.common import ports
from services.common.errors import AppError
from services.common.redis_client import Redis
from services.common.settings_load import load
from services.machine.home import Home
from services.machine.part_redis import redis
from services.machine.settings import MachineSettings
from services.stats.changes import Lifetimes
from services.stats.figures import Counts
from services.stats.repository import Repository
from services.stats.samples import Place, Samples
from services.stats.series import Sample
from tests.servers.ports import free_ports
from tests.stats.saying import at, broadcast_ended, connected, disconnected, measured, source_changed, viewers_seen

NOW = 1_800_000_000_000


@pytest.fixture
async def ours(tmp_path: Path) -> AsyncIterator[Redis]:
    """As a program sees it that `headwater run` has started."""
    home = Home(tmp_path)
    home.prepare()
    offset = free_ports(1)[0] - ports.REDIS
    part = redis(home, load(MachineSettings).model_copy(update={"port_offset": offset}))
    server = await asyncio.create_subprocess_exec(*part.command.argv, env=dict(part.command.env), stdout=DEVNULL)
    async with Redis(part.settings["HEADWATER_REDIS_URL"]) as client:
        async with asyncio.timeout(20):
            while not await part.answers():  # noqa: ASYNC110  another process sets no event of ours
                await asyncio.sleep(0.02)
        yield client
    server.kill()
    await server.wait()


def test_configuration_is_private_and_a_next_start_has_the_same_password(tmp_path: Path) -> None:
    """What an older version wrote for all to read is replaced; the password itself stands in its own file alone."""
    home = Home(tmp_path)
    home.prepare()
    conf = tmp_path / "redis.conf"
    conf.write_text("port 6379\n")
    conf.chmod(0o644)
    first, second = (redis(home, load(MachineSettings)).settings["HEADWATER_REDIS_URL"] for _ in range(2))
    assert first == second
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "redis-password").stat().st_mode) == 0o600
    assert home.secret("redis-password") in first
    assert home.secret("redis-password") not in conf.read_text()
    assert "user default off" in conf.read_text()


@pytest.mark.connected
async def test_stats_may_do_all_that_it_does(ours: Redis) -> None:
    """Every fact that counts, what viewers have watched, and samples on their whole way."""
    repository, samples, place = Repository(ours, Lifetimes()), Samples(ours), Place("a" * 32, "primary")
    said = viewers_seen(place.livestream, "B", 1, 2)
    said.viewers_seen.interval_ms = 5_000
    facts = (
        connected(place.livestream, 1),
        measured(place.livestream, 1),
        source_changed(place.livestream, "B", "primary"),
    )
    for fact in (*facts, said, disconnected(place.livestream, 1), broadcast_ended(place.livestream, "B")):
        await repository.apply(fact, at(NOW))
    await repository.readings(await repository.active(NOW), NOW)
    await samples.add({place: Sample(NOW, Counts(1))})
    (waiting,) = await samples.waiting(NOW)
    await samples.oldest(place, 0, NOW, 10)
    await samples.settle(place, NOW, NOW)
    await samples.forget(place.livestream, NOW)
    await samples.clear(waiting)

    assert await repository.viewing([(place.livestream, "B")]) == {"B": 10_000}
    assert await samples.newest(place, 0, None, 10) == []


@pytest.mark.connected
@pytest.mark.parametrize("command", [("FLUSHALL",), ("CONFIG", "GET", "dir"), ("KEYS", "*"), ("SHUTDOWN",)])
async def test_programs_may_do_nothing_to_the_server(ours: Redis, command: tuple[str, ...]) -> None:
    """Nor may a script of theirs."""
    for refused in (command, ("EVAL", "return redis.call(unpack(ARGV))", "0", *command)):
        with pytest.raises(AppError, match="Redis refuses"):
            await ours.run([refused])
