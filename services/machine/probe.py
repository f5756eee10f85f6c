"""Small questions to servers over loopback: does it answer, and what. Each has a deadline and a bound."""

import asyncio

from services.machine.ports import LOOPBACK

_DEADLINE_S = 1.0
_MAX_BYTES = 1024 * 1024


async def ask(number: int, question: bytes, host: str = LOOPBACK, *, to_end: bool = False) -> bytes:
    """What comes back first, or with `to_end` all until the peer closes; empty if not within a second."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            reader, writer = await asyncio.open_connection(host, number)
            try:
                writer.write(question)
                answer = await reader.read(_MAX_BYTES)
                while to_end and len(answer) < _MAX_BYTES and (more := await reader.read(_MAX_BYTES)):
                    answer += more
                return answer
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""


async def http_get(number: int, path: str, host: str = LOOPBACK) -> tuple[int, bytes]:
    """Status and body of GET `path`; status 0 if there is no whole answer within a second."""
    request = f"GET {path} HTTP/1.0\r\nHost: {host}:{number}\r\nConnection: close\r\n\r\n"
    answer = await ask(number, request.encode(), host, to_end=True)
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    return (int(words[1]), body) if len(words) > 1 and words[1].isdigit() else (0, b"")


async def http_status(number: int, path: str, host: str = LOOPBACK) -> int:
    """The status of GET `path`; 0 if nobody answers within a second."""
    return (await http_get(number, path, host))[0]
