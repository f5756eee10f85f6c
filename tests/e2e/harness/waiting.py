"""Questions asked until the answer is as it should be, with a deadline; no test sleeps for a fixed time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from headwater.errors import ApiError, UnreachableError

POLL_S = 0.05
REST_PATIENCE_S = 20.0
T = TypeVar("T")


async def eventually(
    ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool], what: str, *, deadline_s: float, poll_s: float = POLL_S
) -> T:
    """The first answer that is as it should be; AssertionError with the last one if none is in time."""
    last: T | None = None
    try:
        async with asyncio.timeout(deadline_s):
            while not holds(last := await ask()):  # noqa: ASYNC110  who is asked sends no event
                await asyncio.sleep(poll_s)
    except TimeoutError:
        raise AssertionError(f"not within {deadline_s:g} s: {what}; the last answer was {last}") from None
    assert last is not None
    return last


async def until(holds: Callable[[], bool], what: str, *, deadline_s: float, poll_s: float = POLL_S) -> None:
    """Return once it is so."""

    async def ask() -> bool:
        return holds()

    await eventually(ask, bool, what, deadline_s=deadline_s, poll_s=poll_s)


async def patient(ask: Callable[[], T]) -> T:
    """An answer of the API, asked again while nobody is there or it is not ready (503)."""
    async with asyncio.timeout(REST_PATIENCE_S):
        while True:
            try:
                return await asyncio.to_thread(ask)
            except UnreachableError:
                await asyncio.sleep(POLL_S)
            except ApiError as error:
                if error.status != 503:
                    raise
                await asyncio.sleep(POLL_S)
