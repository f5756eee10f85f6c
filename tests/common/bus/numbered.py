"""A writer as ingest is one: numbered, a window in flight, and after a failure again from the first unsure one."""

import asyncio
from collections import deque

from services.common.bus.errors import Unavailable
from services.common.bus.log import Log


async def write_numbers(log: Log, subject: str, count: int, *, window: int = 16, size: int = 2000) -> None:
    """Get 1..`count` into the log, whatever happens to the server."""
    flying: deque[tuple[int, asyncio.Future[int]]] = deque()
    n = 1
    while n <= count or flying:
        try:
            while n <= count and len(flying) < window:
                payload = n.to_bytes(8, "big") + bytes(size)
                flying.append((n, log.append_nowait(subject, payload, msg_id=f"{subject}-{n}")))
                n += 1
            await flying[0][1]
            flying.popleft()
        except Unavailable:
            n = flying[0][0] if flying else n
            flying.clear()
            await asyncio.wait_for(log.bus.wait_connected(), 20)


def number_of(payload: bytes) -> int:
    return int.from_bytes(payload[:8], "big")
