"""Questions to nats-server and Redis with the user and password of their URL. Each has a deadline and a bound."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

from services.common import ports

_DEADLINE_S = 1.0
_SAFE_SCHEME = "rediss"


class Answer(StrEnum):
    """What a server has to say to us."""

    OK = "answers"
    REFUSED = "refuses our user and password"
    SILENT = "does not answer"


async def ask_nats(url: str) -> Answer:
    """Greet the nats-server at `url`. One that wants TLS is asked for no more than its greeting."""
    try:
        async with _connection(url, ports.NATS) as (where, reader, writer):
            verb, _, info = (await reader.readline()).partition(b" ")
            if verb != b"INFO":
                return Answer.SILENT
            if where.scheme == "tls" or b'"tls_required":true' in info:
                return Answer.OK
            writer.write(f"CONNECT {json.dumps(_introduction(where))}\r\nPING\r\n".encode())
            return Answer.OK if (await reader.readline()).startswith(b"PONG") else Answer.REFUSED
    except (OSError, TimeoutError, ValueError):
        return Answer.SILENT


async def ask_redis(url: str) -> Answer:
    """Ping the Redis at `url`. One that is still loading its data counts as silent."""
    try:
        async with _connection(url, ports.REDIS) as (where, reader, writer):
            words = [unquote(word) for word in (where.username, where.password) if word]
            commands = [["AUTH", *words], ["PING"]] if where.password else [["PING"]]
            writer.write(b"".join(map(_packed, commands)))
            said = [await reader.readline() for _ in commands]
            return _judged(said)
    except (OSError, TimeoutError, ValueError):
        return Answer.SILENT


def _introduction(where: SplitResult) -> dict[str, object]:
    known = {"user": where.username, "pass": where.password} if where.password else {"auth_token": where.username}
    said = {name: value for name, value in known.items() if value}
    return {"verbose": False, "pedantic": False, "lang": "python", "version": "1", **said}


def _judged(said: list[bytes]) -> Answer:
    if said[-1].startswith(b"+PONG"):
        return Answer.OK if said[0].startswith(b"+") else Answer.REFUSED
    return Answer.SILENT if said[-1].startswith((b"-LOADING", b"-BUSY")) or not said[-1] else Answer.REFUSED


def _packed(words: list[str]) -> bytes:
    told = [word.encode() for word in words]
    return b"*%d\r\n" % len(told) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in told)


@asynccontextmanager
async def _connection(
    url: str, usual_port: int
) -> AsyncIterator[tuple[SplitResult, asyncio.StreamReader, asyncio.StreamWriter]]:
    where = urlsplit(url)
    safe = True if where.scheme == _SAFE_SCHEME else None
    async with asyncio.timeout(_DEADLINE_S):
        reader, writer = await asyncio.open_connection(where.hostname, where.port or usual_port, ssl=safe)
        try:
            yield where, reader, writer
        finally:
            writer.close()
