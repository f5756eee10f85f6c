"""Small questions to servers over loopback: does it answer, and what. Each has a deadline and a bound."""

import asyncio

from services.machine.ports import LOOPBACK

_DEADLINE_S = 1.0
_MAX_BYTES = 64 * 1024


async def ask(number: int, question: bytes, host: str = LOOPBACK) -> bytes:
    """The first bytes that come back, at most 64 KiB; empty if nobody answers within a second."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            reader, writer = await asyncio.open_connection(host, number)
            try:
                writer.write(question)
                return await reader.read(_MAX_BYTES)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""


async def http_status(number: int, path: str, host: str = LOOPBACK) -> int:
    """The status of GET `path`; 0 if nobody answers within a second."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{number}\r\nConnection: close\r\n\r\n"
    words = (await ask(number, request.encode(), host)).split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


async def is_nats(number: int, host: str = LOOPBACK) -> bool:
    """True if a nats-server greets us (it speaks first)."""
    return (await ask(number, b"", host)).startswith(b"INFO ")


async def is_redis(number: int, host: str = LOOPBACK) -> bool:
    """True if a Redis answers and has loaded its data; one that asks for a password is there, too."""
    answer = await ask(number, b"PING\r\n", host)
    return answer.startswith((b"+PONG", b"-NOAUTH"))
