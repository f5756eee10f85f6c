"""Looking at very many records without keeping others waiting."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

BREATH = 50
"""After so many others have their turn: some milliseconds, whatever is done with each."""

T = TypeVar("T")


async def breathing(items: Iterable[T]) -> AsyncIterator[T]:
    """One after the other."""
    for place, each in enumerate(items, start=1):
        yield each
        if place % BREATH == 0:
            await asyncio.sleep(0)
