"""Readiness: one answer, for gRPC health and for /readyz alike, made of what each part of a program says of itself.

Alive is whoever answers at all; ready is a program that has started, is not draining, and whose every check
answers in time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from services.common.clock import Clock, SystemClock
from services.common.errors import AppError

Check = Callable[[], Awaitable[None]]
"""Returns when all is well and raises when not; the error's text is shown to whoever asks."""


class Phase(Enum):
    """Where a program is in its life."""

    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"


@dataclass(frozen=True)
class Report:
    """What readiness is made of: the name of each thing that is not well, with the reason."""

    failing: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        return not self.failing


class Health:
    """Collects the checks of a program and answers for it."""

    def __init__(self, *, timeout_s: float = 2.0, fresh_s: float = 0.25, clock: Clock | None = None) -> None:
        """Each check may take `timeout_s`; a report is shared by all who ask within `fresh_s`."""
        self._timeout_s = timeout_s
        self._fresh_s = fresh_s
        self._clock = clock or SystemClock()
        self._checks: dict[str, Check] = {}
        self._asking = asyncio.Lock()
        self._last: tuple[float, Report] | None = None
        self.phase = Phase.STARTING

    def add(self, name: str, check: Check) -> None:
        """From now on ready needs this check too."""
        self._checks[name] = check
        self._last = None

    def enter(self, phase: Phase) -> None:
        """The life cycle moves on; who asks next hears it."""
        self.phase = phase
        self._last = None

    async def report(self) -> Report:
        """Ask all checks at once. Never raises; returns within the time-out."""
        if self.phase is not Phase.RUNNING:
            return Report({"program": self.phase.value})
        async with self._asking:
            now = self._clock.monotonic()
            if self._last is None or now - self._last[0] >= self._fresh_s:
                self._last = (now, await self._ask())
            return self._last[1]

    async def _ask(self) -> Report:
        answers = await asyncio.gather(*(self._reason(check) for check in self._checks.values()))
        return Report({name: reason for name, reason in zip(self._checks, answers, strict=True) if reason})

    async def _reason(self, check: Check) -> str | None:
        try:
            async with asyncio.timeout(self._timeout_s):
                await check()
        except TimeoutError:
            return f"no answer within {self._timeout_s:g} s"
        except AppError as error:
            return error.detail
        except Exception as error:  # noqa: BLE001  whatever a check raises means: not ready
            return type(error).__name__
        return None
