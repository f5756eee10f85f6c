"""Whether an encoder may connect and a viewer may watch: asked of the programs that it takes."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from services.common.clock import Clock
from services.common.health import Health

FRESH_S = 0.5
_TIMEOUT_S = 1.5
_MAX_ANSWER = 64 * 1024


class Readiness:
    """Asks each program's /readyz, and this one's own checks; an answer serves all who ask within FRESH_S."""

    def __init__(self, health: Health, programs: Mapping[str, str], clock: Clock) -> None:
        """`programs`: name to the URL under which its /readyz is."""
        self._health = health
        self._programs = programs
        self._clock = clock
        self._asking = asyncio.Lock()
        self._last: tuple[float, Mapping[str, str]] | None = None

    async def failing(self) -> Mapping[str, str]:
        """What is not ready, and why. Never raises; returns within two seconds or so."""
        async with self._asking:
            now = self._clock.monotonic()
            if self._last is None or now - self._last[0] >= FRESH_S:
                self._last = (now, await self._ask())
            return self._last[1]

    async def _ask(self) -> Mapping[str, str]:
        asking = asyncio.gather(*(_reason(url) for url in self._programs.values()))
        own, others = await asyncio.gather(self._health.report(), asking)
        failing = dict(own.failing)
        failing |= {name: reason for name, reason in zip(self._programs, others, strict=True) if reason}
        return failing


async def _reason(url: str) -> str:
    """Why a program is not ready; empty if it is."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            status = await http_status(f"{url}/readyz")
    except TimeoutError:
        return "no answer in time"
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return "away"
    return "" if status == 200 else "not ready"


async def http_status(url: str) -> int:
    """The status of a GET over plain HTTP. Errors: OSError, ValueError for an answer that is none."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80, limit=_MAX_ANSWER)
    try:
        writer.write(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readuntil(b"\r\n")
        return int(line.split(b" ")[1])
    except IndexError:
        raise ValueError("no HTTP") from None
    finally:
        writer.close()
