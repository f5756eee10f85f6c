"""Waiting for something to become true."""

import asyncio
from collections.abc import Callable, Sized


async def until(is_true: Callable[[], bool], *, timeout_s: float = 15.0) -> None:
    """Return as soon as it is; TimeoutError if it does not become so."""
    async with asyncio.timeout(timeout_s):
        while not is_true():  # noqa: ASYNC110  what is asked about sets no event
            await asyncio.sleep(0.005)


def holds_more(seen: Sized, count: int) -> bool:
    return len(seen) > count
