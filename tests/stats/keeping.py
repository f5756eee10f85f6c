"""Samples of one instance in a real Redis and a real object store, and a hand that kills who stores them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from services.common import keys
from services.common.clock import ManualClock
from services.common.objects import ObjectInfo, ObjectStore
from services.common.redis_client import Redis
from services.common.redis_command import Command
from services.stats.blocks import Blocks
from services.stats.figures import Counts
from services.stats.history import History
from services.stats.samples import Place, Samples
from services.stats.series import INTERVAL_MS, Sample
from services.stats.store import Store
from services.stats.storing import Storing
from tests.servers.ports import free_ports
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server

NOW = 1_800_000_000_000
BLOCK_MS = 120_000
BUCKET = "samples"
PER_BLOCK = BLOCK_MS // INTERVAL_MS


class Killed(BaseException):
    """Nobody catches it."""


@dataclass
class Fuse:
    """Counts what is asked of Redis and of the object store, and kills before or after the `after`-th; -1: never."""

    after: int = -1
    done: int = 0

    def check(self) -> None:
        if 0 <= self.after <= self.done:
            raise Killed


class BurningRedis:
    """Redis as a process sees it that is about to die."""

    def __init__(self, redis: Redis, fuse: Fuse) -> None:
        self._redis, self._fuse = redis, fuse

    async def run(self, commands: Sequence[Command], *, may_refuse: bool = False) -> list[Any]:
        self._fuse.check()
        answers = await self._redis.run(commands, may_refuse=may_refuse)
        self._fuse.done += 1
        self._fuse.check()
        return answers


class BurningStore(Store):
    """The object store as it sees it."""

    def __init__(self, objects: ObjectStore, fuse: Fuse) -> None:
        super().__init__(objects)
        self._fuse = fuse

    async def put(self, key: str, data: bytes) -> None:
        self._fuse.check()
        await super().put(key, data)
        self._fuse.done += 1
        self._fuse.check()


@dataclass
class Kept:
    """A livestream's samples, and all that reads and writes them."""

    redis: Redis
    objects: ObjectStore
    clock: ManualClock
    place: Place

    @property
    def samples(self) -> Samples:
        return Samples(self.redis)

    @property
    def blocks(self) -> Blocks:
        return Blocks(Store(self.objects))

    @property
    def history(self) -> History:
        return History(self.samples, self.blocks)

    def storing(self, fuse: Fuse | None = None) -> Storing:
        """A replica of its own."""
        fuse = fuse or Fuse()
        samples, blocks = Samples(BurningRedis(self.redis, fuse)), Blocks(BurningStore(self.objects, fuse))
        return Storing(samples, blocks, self.clock, block_ms=BLOCK_MS)

    async def take(self, numbers: Sequence[int]) -> None:
        """Samples of those slots from NOW on, each with its number as figures; the clock goes with them."""
        for number in numbers:
            await self.samples.add({self.place: sample(number)})
        self.clock.jump((NOW + (numbers[-1] + 1) * INTERVAL_MS) / 1000)

    async def keep(self, numbers: Sequence[int]) -> None:
        """Take samples, and let them be stored once all is quiet."""
        await self.take(numbers)
        self.clock.advance(120)
        await self.storing().round()

    async def empty_redis(self) -> None:
        await self.redis.run([("FLUSHALL",)])

    async def pages(self, size: int, after: int = 0, before: int | None = None) -> list[list[int]]:
        """The numbers of all samples between two slots, page by page."""
        after_ms = NOW + after * INTERVAL_MS
        before_ms, pages = None if before is None else NOW + before * INTERVAL_MS, []
        while True:
            page = await self.history.page(self.place, after_ms, before_ms, size)
            pages.append([number_of(each) for each in page.samples])
            if page.before_ms is None:
                return pages
            before_ms = page.before_ms

    async def numbers(self, size: int = 1000) -> list[int]:
        """All there is, newest first."""
        return [number for page in await self.pages(size) for number in page]

    async def objects_there(self) -> list[ObjectInfo]:
        return await self.objects.list(keys.statistics(self.place.livestream))

    async def stored_numbers(self) -> list[int]:
        """What the blocks hold, block by block as they are listed, each oldest first."""
        found, _ = await self.blocks.find(self.place, None, 1000)
        return [number_of(each) for named in found for each in await self.blocks.read(named)]


def sample(number: int) -> Sample:
    return Sample(NOW + number * INTERVAL_MS, Counts(number % 3 + 1, number, number * 1000))


def number_of(found: Sample) -> int:
    """Which one it is; and it is as it was taken."""
    number = (found.slot_ms - NOW) // INTERVAL_MS
    assert found == sample(number)
    return number


def backwards(last: int, first: int = 0) -> list[int]:
    return list(range(last, first - 1, -1))


@asynccontextmanager
async def kept(redis_server: RedisServer, s3: S3Server) -> AsyncIterator[Kept]:
    """Redis is emptied and the livestream is new; the bucket is everybody's, because each costs SeaweedFS volumes."""
    store = ObjectStore(
        s3.url, access_key=s3.access_key, secret_key=s3.secret_key, bucket=BUCKET, region=s3.region, timeout_s=5
    )
    async with Redis(redis_server.url) as redis, store:
        await redis.run([("FLUSHALL",)])
        await store.ensure_bucket()
        yield Kept(redis, store, ManualClock(NOW / 1000), Place(uuid4().hex, "primary"))


@asynccontextmanager
async def away(shelf: Kept) -> AsyncIterator[None]:
    """Whoever is made meanwhile finds no object store."""
    there, nowhere = shelf.objects, f"http://127.0.0.1:{free_ports(1)[0]}"
    async with ObjectStore(nowhere, access_key="a", secret_key="b", bucket="none") as shelf.objects:
        yield
    shelf.objects = there
