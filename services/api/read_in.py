"""The start: everything is read into memory, first what lists and orders need, then what the first has time for.

While it is read, a million objects are made and none is given up, so that looking for garbage among them would take as
long again; and afterwards they are set aside from all further looking, which would hold up requests for a second.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from services.api.catalogs import Catalogs
from services.api.kv_repository import KvRepository
from services.common.errors import AppError, Kind

LONGEST_S = 120.0
"""If NATS is away meanwhile, garbage is looked for all the same from then on."""


class ReadIn:
    """`first` is needed before anything is answered, `later` by what runs in the background alone."""

    def __init__(
        self, first: Iterable[KvRepository[Any]], later: Iterable[KvRepository[Any]], catalogs: Catalogs
    ) -> None:
        self._first = list(first)
        self._later = list(later)
        self._catalogs = catalogs
        self._has_first = asyncio.Event()
        self._is_warm = False

    async def run(self) -> None:
        """Return when all is read."""
        gc.disable()
        try:
            async with asyncio.timeout(LONGEST_S):
                await self._read()
        except TimeoutError:
            pass
        finally:
            gc.enable()
        await self._read()
        gc.freeze()

    async def _read(self) -> None:
        for repository in self._first:
            await repository.is_complete.wait()
        if not self._is_warm:
            await self._catalogs.warm()
            self._is_warm = True
        self._has_first.set()
        gc.freeze()
        await self._catalogs.standings.catch_up()
        for repository in self._later:
            await repository.is_complete.wait()
        await self._catalogs.warm_later()

    async def after_first(self, run: Callable[[], Awaitable[None]]) -> None:
        """Run what is to wait until the first has been read."""
        await self._has_first.wait()
        await run()

    async def check(self) -> None:
        """AppError(UNAVAILABLE) until what is needed has been read."""
        if not self._has_first.is_set():
            raise AppError(Kind.UNAVAILABLE, "records are still being read")
