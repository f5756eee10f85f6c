"""Background tasks: the one place where they are born; each has a name, an owner and a death notice."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from services.common.log import get_logger

T = TypeVar("T")

_log = get_logger(__name__)
_alive: set[asyncio.Task[Any]] = set()  # the loop itself keeps only weak references


def spawn(coro: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
    """Run `coro` beside the caller and keep it alive until it ends.

    Its result or exception is the caller's to await, if he cares; an exception is logged here once in any
    case, with the task's name, so that none is lost. Cancellation is not an exception.
    """
    task = asyncio.create_task(coro, name=name)  # noqa: TID251  the one caller
    _alive.add(task)
    task.add_done_callback(_bury)
    return task


async def cancel(task: asyncio.Task[Any], *, timeout_s: float = 5.0) -> bool:
    """End a task and wait until it has ended; False if it was still running after `timeout_s` seconds."""
    task.cancel()
    done, _ = await asyncio.wait((task,), timeout=timeout_s)
    return bool(done)


def _bury(task: asyncio.Task[Any]) -> None:
    _alive.discard(task)
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        _log.error("task failed", task=task.get_name(), exc_info=error)
