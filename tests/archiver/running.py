"""Archivers: in this process, and as children that may be killed."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from services.archiver.app import ArchiverApp, open_app
from services.common.health import Health
from services.common.tasks import cancel, spawn
from tests.archiver.on_air import read_settings

PATIENCE_S = 30.0


async def until(is_true: Callable[[], Awaitable[bool]], *, timeout_s: float = PATIENCE_S) -> None:
    """Ask until it is so; TimeoutError if it does not become so."""
    async with asyncio.timeout(timeout_s):
        while not await is_true():  # noqa: ASYNC110  what is asked about sets no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def archiver(environment: dict[str, str]) -> AsyncIterator[ArchiverApp]:
    """One in this process."""
    async with open_app(read_settings(environment), Health()) as app:
        assert isinstance(app, ArchiverApp)
        tasks = [spawn(job.run(), name=job.name) for job in app.jobs()]
        try:
            yield app
        finally:
            for task in tasks:
                await cancel(task)


@asynccontextmanager
async def child(environment: dict[str, str]) -> AsyncIterator[Process]:
    """One as a program of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.archiver", env={**os.environ, **environment}, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
