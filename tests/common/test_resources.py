import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from services.common.resources import Resources


async def test_parts_close_in_reverse_even_if_one_fails() -> None:
    """Last opened, first closed; a close that raises is logged and the others go on."""
    closed: list[str] = []

    @asynccontextmanager
    async def part(name: str) -> AsyncIterator[str]:
        yield name
        closed.append(name)

    async def fail() -> None:
        raise OSError("broken pipe")

    with capture_logs() as lines:
        async with Resources() as resources:
            assert await resources.open("bus", part("bus")) == "bus"
            resources.defer("store", fail)
            await resources.open("server", part("server"))

    assert closed == ["server", "bus"]
    assert [(line["event"], line["part"]) for line in lines] == [("close failed", "store")]


async def test_close_that_hangs_is_left_behind() -> None:
    """Each close has its time; the next one runs whatever happened."""
    closed: list[str] = []

    async def close() -> None:
        closed.append("bus")

    with capture_logs() as lines:
        async with Resources(close_timeout_s=0.01) as resources:
            resources.defer("bus", close)
            resources.defer("server", asyncio.Event().wait)

    assert closed == ["bus"]
    assert [line["event"] for line in lines] == ["left behind at close"]


async def test_part_that_does_not_open_leaves_the_others_closed() -> None:
    """What opening raises comes out, after what was open has been closed."""
    closed: list[str] = []

    async def close() -> None:
        closed.append("bus")

    @asynccontextmanager
    async def broken() -> AsyncIterator[None]:
        raise OSError("no route")
        yield

    async def open_all() -> None:
        async with Resources() as resources:
            resources.defer("bus", close)
            await resources.open("store", broken())

    with pytest.raises(OSError, match="no route"):
        await open_all()
    assert closed == ["bus"]
