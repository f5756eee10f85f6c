"""A whole program for the tests of the life cycle: prints what happens to it; SAMPLE_* say how it misbehaves."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import ClassVar

from services.common.errors import AppError, Kind
from services.common.health import Health
from services.common.lifecycle import Job, main
from services.common.resources import Resources
from services.common.settings import ServiceSettings

_FAULT = os.environ.get("SAMPLE_FAULT", "")


class Settings(ServiceSettings):
    program: ClassVar[str] = "relay"


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  the test reads it


class Sample:
    def jobs(self) -> Iterable[Job]:
        return (Job("work", self._work), Job("once", self._once))

    async def drain(self) -> None:
        say("drain")
        if _FAULT == "drain hangs":
            await asyncio.Event().wait()
        say("drained")

    async def _work(self) -> None:
        say("working")
        if _FAULT in {"job fails", "job fails, close is deaf"}:
            raise ValueError("the job broke")
        if _FAULT == "job gives up":
            raise AppError(Kind.UNAVAILABLE, "the log is away")
        try:
            await asyncio.Event().wait()
        finally:
            say("work cancelled")

    async def _once(self) -> None:
        return None


async def _close(name: str) -> None:
    say(f"close {name}")
    if _FAULT == "close hangs" and name == "second":
        await asyncio.Event().wait()
    if _FAULT.endswith("is deaf") and name == "second":
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue
    if _FAULT == "thread blocks" and name == "second":
        threading.Thread(target=threading.Event().wait).start()


@asynccontextmanager
async def open_app(settings: Settings, health: Health) -> AsyncIterator[Sample]:
    async with Resources(close_timeout_s=settings.close_timeout) as resources:
        for name in ("first", "second"):
            say(f"open {name}")
            resources.defer(name, partial(_close, name))
        if _FAULT == "open hangs":
            await asyncio.Event().wait()
        if _FAULT == "key is none":
            raise AppError(Kind.INVALID, "secret-key is no key")
        if _FAULT.startswith("open fails"):
            raise AppError(Kind.UNAVAILABLE, "nats://127.0.0.1:1 does not answer")
        yield Sample()


if __name__ == "__main__":
    raise SystemExit(main(open_app, Settings))
