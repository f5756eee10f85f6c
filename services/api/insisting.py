"""Orders that lost a race are carried out again, from their reading on.

Each order reads a record, changes it, and writes over the very version that it has read. Where somebody else was
faster nothing was written, and what the caller wants can still be done, on top of what the other has written. Only a
caller who has named a version (`etag`, `If-Match`) is told: the order itself looks at that when it reads again.
"""

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

from services.api.once import rewinding
from services.common.errors import AppError, Kind

ATTEMPTS = 12
_FIRST_WAIT_S = 0.01
_LONGEST_WAIT_S = 0.5

T = TypeVar("T")


class Lost(AppError):  # noqa: N818  says what happened
    """Somebody else wrote between reading and writing; nothing was written."""

    def __init__(self) -> None:
        super().__init__(Kind.CONFLICT, "it was changed meanwhile; read it again")


def is_lost(error: AppError) -> bool:
    """Of an order that looks at the caller's version each time it reads."""
    return isinstance(error, Lost)


def is_stale(error: AppError) -> bool:
    """Of who names a version that he himself has just read."""
    return error.kind is Kind.CONFLICT and error.field == "etag"


async def insist(work: Callable[[], Awaitable[T]], is_lost: Callable[[AppError], bool] = is_lost) -> T:
    """What `work` answers, after at most so many attempts; the waits between are random, so that losers part."""
    again = rewinding()
    for attempt in range(ATTEMPTS - 1):
        try:
            return await work()
        except AppError as error:
            if not is_lost(error):
                raise
        longest = min(_FIRST_WAIT_S * 2.0**attempt, _LONGEST_WAIT_S)
        await asyncio.sleep(random.uniform(0.0, longest))
        again()
    return await work()


class Insisting:
    """A servicer whose methods insist."""

    def __init__(self, servicer: object) -> None:
        self._servicer = servicer

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._servicer, name)
        if not inspect.iscoroutinefunction(method):
            return method

        @wraps(method)
        async def insisting(request: Any, context: Any) -> Any:
            return await insist(lambda: method(request, context))

        return insisting
