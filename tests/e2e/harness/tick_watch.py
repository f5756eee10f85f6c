"""Hears each tick at the moment a packager writes it, so that a blow can be aimed between two of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from headwater.internal.v1.cmaf_pb2 import Tick
from services.common import subjects
from services.common.bus.connection import connect
from services.common.media.tick import TickAssembler

DEADLINE_S = 20.0


class TickWatch:
    """Made by `ticks`."""

    def __init__(self) -> None:
        self._last_part: dict[str, int] = {}
        """By subject: the part with which its segments close."""
        self._asked: list[tuple[Callable[[str, Tick], bool], asyncio.Future[None]]] = []

    async def next(self) -> None:
        """Return when the next part has been written."""
        await self._ask(lambda _subject, head: bool(head.parts))

    async def next_before_close(self) -> None:
        """Return when the last part but one of a segment has been written: the next tick of that program closes it."""
        await self._ask(lambda subject, head: head.part == self._last_part.get(subject, 0) - 1)

    async def _ask(self, wanted: Callable[[str, Tick], bool]) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append((wanted, future))
        async with asyncio.timeout(DEADLINE_S):
            await future

    def hear(self, subject: bytes, _reply: bytes, _headers: bytes, payload: bytes) -> None:
        tick = TickAssembler().feed(1, payload)
        if tick is None:
            return
        name = subject.decode()
        if tick.head.ends_segment:
            self._last_part[name] = tick.head.part
        for wanted, future in self._asked:
            if not future.done() and wanted(name, tick.head):
                future.set_result(None)
        self._asked = [each for each in self._asked if not each[1].done()]


@asynccontextmanager
async def ticks(nats_url: str) -> AsyncIterator[TickWatch]:
    """A watch on all programs of shard 0, through restarts of the server."""
    bus = await connect(nats_url, name="storm")
    watch = TickWatch()
    bus.add_tap(subjects.ticks(0, "*"), watch.hear)
    try:
        yield watch
    finally:
        await bus.close()
