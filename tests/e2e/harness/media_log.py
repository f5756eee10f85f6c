"""What an instance's media log holds, read while it grows and before it is purged."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.common import subjects
from services.common.bus.connection import connect
from services.common.bus.log import Log
from services.common.tasks import cancel, spawn
from services.packager.program.ordering import Batch, ConnectionOrder
from tests.e2e.harness.machine import Machine


class MediaLog:
    """The messages of one subject, in the order of design.md section 4, point 1. Made by `media_log`."""

    def __init__(self, log: Log, subject: str) -> None:
        self._log = log
        self._subject = subject
        self._order = ConnectionOrder()
        self._batches: list[Batch] = []

    @property
    def is_closed(self) -> bool:
        """True once the last message of a connection has been read."""
        return bool(self._batches) and self._batches[-1].closed is not None

    @property
    def numbers(self) -> dict[int, list[int]]:
        """`n` of each message, by connection."""
        found: dict[int, list[int]] = {}
        for batch in self._batches:
            found.setdefault(batch.connection, []).append(batch.n)
        return found

    @property
    def lost(self) -> int:
        """Messages that never came or could not be read."""
        return self._order.lost

    async def follow(self) -> None:
        async with self._log.read([self._subject]) as entries:
            async for entry in entries:
                self._batches += self._order.feed(entry.sequence, entry.time_us, entry.payload)


@asynccontextmanager
async def media_log(machine: Machine, broadcast: str, instance: str = "primary") -> AsyncIterator[MediaLog]:
    """Follow a broadcast of shard 0 from its first message on, through restarts of the server."""
    bus = await connect(machine.environment["HEADWATER_NATS_URL"], name="proof")
    found = MediaLog(Log(bus, subjects.media_stream(0).name), subjects.media(0, instance, broadcast))
    following = spawn(found.follow(), name="media log")
    try:
        yield found
    finally:
        await cancel(following)
        await bus.close()
