"""One question at a time: who asks for what is being asked for already shares the answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from services.common.tasks import spawn

T = TypeVar("T")


class Shared(Generic[T]):
    """Questions under way by key. An error is everybody's who asked."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._under_way: dict[str, asyncio.Task[T | Exception]] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    async def get(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer to `ask`, called once for all who want `key` meanwhile. Errors: those of `ask`."""
        task = self._under_way.get(key)
        if task is None:
            task = spawn(_outcome(ask), name=f"{self._what} {key}")
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        # A viewer who goes away must not end the question of those who stay.
        outcome = await asyncio.shield(task)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def _outcome(ask: Callable[[], Awaitable[T]]) -> T | Exception:
    try:
        return await ask()
    except Exception as error:  # noqa: BLE001  handed to those who asked, who know what it means
        return error
