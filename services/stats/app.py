"""Stats' wiring: what is opened, in which order, and what runs."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from headwater.internal.v1.services_pb2_grpc import (
    add_SampleServiceServicer_to_server,
    add_ViewingServiceServicer_to_server,
)
from headwater.v1.statistics_pb2_grpc import add_StatisticsServiceServicer_to_server
from services.common import metrics
from services.common.clock import SystemClock
from services.common.health import Health
from services.common.lifecycle import App, Job
from services.common.objects_opening import object_store
from services.common.opening import open_bus
from services.common.redis_client import Redis
from services.common.resources import Resources
from services.common.rpc_server import RpcServer
from services.common.spine import Spine
from services.stats.blocks import Blocks
from services.stats.handlers import Handlers
from services.stats.history import History
from services.stats.log_fill import LogFill
from services.stats.repository import Repository
from services.stats.sample_servicer import SampleServicer
from services.stats.sampler import Sampler
from services.stats.samples import Samples
from services.stats.servicer import StatisticsServicer
from services.stats.settings import Settings
from services.stats.store import Store
from services.stats.storing import Storing
from services.stats.viewing_servicer import ViewingServicer


class StatsApp(App):
    """An opened stats."""

    def __init__(self, jobs: Iterable[Job], rpc: RpcServer) -> None:
        self._jobs = jobs
        self._rpc = rpc

    def jobs(self) -> Iterable[Job]:
        """What listens, what samples and stores, and two that look at Redis and at the logs."""
        return self._jobs

    async def drain(self) -> None:
        """Answer what was asked; a fact in hand comes again to another replica."""
        await self._rpc.drain(1.0)


@asynccontextmanager
async def open_app(settings: Settings, health: Health) -> AsyncIterator[App]:
    """Open everything stats needs; close it in reverse. Redis and S3 may be away: ready is who hears facts."""
    clock = SystemClock()
    async with Resources(close_timeout_s=settings.close_timeout) as resources:
        bus = await open_bus(settings, resources, health)
        spine = Spine(bus, settings)
        facts = await spine.facts()
        for shard in range(settings.shards):
            await asyncio.gather(spine.media(shard), spine.cmaf(shard))
        redis = Redis(settings.redis_url, on_change=metrics.gauge("headwater_stats_redis_available").set)
        resources.defer("redis", redis.close)
        repository, samples = Repository(redis, settings.lifetimes()), Samples(redis)
        blocks = Blocks(Store(await resources.open("objects", object_store(settings))))
        handlers = Handlers(facts, repository, clock)
        rpc = RpcServer(settings.internal_bind, settings.grpc_port, health)
        rpc.add(
            add_StatisticsServiceServicer_to_server, StatisticsServicer(repository, History(samples, blocks), clock)
        )
        rpc.add(add_ViewingServiceServicer_to_server, ViewingServicer(repository))
        rpc.add(add_SampleServiceServicer_to_server, SampleServicer(samples, blocks, clock))
        await resources.open("grpc", rpc)

        jobs = (
            Job("facts", lambda: handlers.consume(bus, replicas=settings.log_replicas)),
            Job("samples", Sampler(repository, samples, clock).run),
            Job("storing", Storing(samples, blocks, clock, block_ms=settings.sample_block_ms).run),
            Job("watch redis", redis.watch),
            Job("watch the logs", LogFill(spine, shards=settings.shards).watch),
        )
        yield StatsApp(jobs, rpc)
