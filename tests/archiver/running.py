"""Archivers: in this process, and as children that may be killed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from services.archiver.app import ArchiverApp, open_app
from services.common.health import Health
from services.common.tasks import cancel, spawn
from tests.archiver.on_air import read_settings
from tests.servers.nursery import ForkedProcess, forked

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
async def child(environment: dict[str, str]) -> AsyncIterator[ForkedProcess]:
    """One as a program of its own."""
    with TemporaryDirectory() as folder:
        async with _child(environment, Path(folder) / "archiver.log") as process:
            yield process


@asynccontextmanager
async def _child(environment: dict[str, str], log: Path) -> AsyncIterator[ForkedProcess]:
    process = await forked("services.archiver", environment, log)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
