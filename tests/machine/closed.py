"""Trying the doors of a running machine's nats-server and Redis."""

import stat
from pathlib import Path

import pytest

from services.common.bus.connection import connect
from services.common.bus.errors import Unavailable
from services.common.errors import AppError
from services.common.redis_client import Redis
from services.machine.probe_parts import Answer, ask_nats, ask_redis
from tests.machine.running import Running


async def strangers_are_refused(nats_url: str, redis_url: str) -> None:
    """Nobody, and somebody with another password, is turned away by both."""
    for ask, url in ((ask_nats, nats_url), (ask_redis, redis_url)):
        scheme, _, rest = url.partition("://")
        credentials, _, place = rest.partition("@")
        for other in ("", "headwater:guess@", "default:@", f"default:{credentials.partition(':')[2]}@"):
            assert await ask(f"{scheme}://{other}{place}") is Answer.REFUSED, other
    with pytest.raises(Unavailable):
        await connect(_without(nats_url), name="stranger", deadline_s=1)
    async with Redis(_without(redis_url)) as redis:
        with pytest.raises(AppError):
            await redis.run([("GET", "anything")])


async def programs_get_in(nats_url: str, redis_url: str) -> None:
    """The programs' own clients do their work, the bus also with several URLs; Redis' administration stays closed."""
    bus = await connect(f"nats://headwater:x@127.0.0.1:1,{nats_url}", name="program", deadline_s=10)
    assert "memory" in await bus.api("INFO")
    await bus.close()
    async with Redis(redis_url) as redis:
        written = [("ZADD", "z", "GT", 1, "m"), ("PFADD", "p", "x"), ("XADD", "s", "*", "f", 1), ("HSET", "h", "f", 1)]
        read = [("ZRANGE", "z", 0, -1), ("PFCOUNT", "p"), ("XREVRANGE", "s", "+", "-"), ("HGETALL", "h")]
        kept = [("EXPIRE", "z", 60), ("ZREMRANGEBYRANK", "z", 0, -10), ("DEL", "z", "p", "s", "h")]
        assert None not in await redis.run([*written, *read, *kept], may_refuse=True)
        forbidden = [("CONFIG", "GET", "dir"), ("FLUSHALL",), ("KEYS", "*"), ("ACL", "LIST")]
        assert await redis.run(forbidden, may_refuse=True) == [None] * len(forbidden)


def in_plain_sight(running: Running, secrets: list[str]) -> list[str]:
    """Where one of `secrets` can be read: command lines, what was printed, logs, files that others may read.

    The log of the small `api` is left out: it prints its environment on purpose.
    """
    shown = {str(path): path for path in running.home.logs.iterdir() if path.name != "api.log"}
    shown |= {f"command line of {name}": Path(f"/proc/{pid}/cmdline") for name, pid in running.pids().items()}
    shown["output"] = running.output
    files = [path for path in running.home.path.iterdir() if path.is_file()] + [running.home.environment_path]
    shown |= {str(path): path for path in files if stat.S_IMODE(path.stat().st_mode) != 0o600}
    return [name for name, path in shown.items() if any(one.encode() in path.read_bytes() for one in secrets)]


def _without(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('@')[2]}"
