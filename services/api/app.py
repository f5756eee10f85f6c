"""The composition of api: what it opens, in which order, and what runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from services.api.admission import Admission, make_admission
from services.api.domain import open_domain
from services.api.edge import make_gateway
from services.api.handlers import FactHandlers, Observer
from services.api.id_guard import IdGuard
from services.api.protecting.opening import open_protecting
from services.api.read_in import ReadIn
from services.api.records import Records, open_records
from services.api.rest.server import RestServer, rest_server, serve
from services.api.servicer import CALL_LIMIT_S, Servicers
from services.api.settings import Settings
from services.api.webhooks.composition import open_webhooking
from services.common import metrics
from services.common.bus.facts import FactPublisher
from services.common.clock import SystemClock
from services.common.health import Health
from services.common.lifecycle import Job
from services.common.opening import open_bus
from services.common.redis_client import Redis
from services.common.resources import Resources
from services.common.rpc_server import RpcServer
from services.common.secrets import sealer_of
from services.common.sockets import listening_socket
from services.common.spine import Spine

_BACKLOG = 1024
_MAX_MESSAGE = 11 << 20  # a picture or captions, and what is around them


@dataclass(frozen=True)
class Api:
    """The opened program."""

    jobs_: tuple[Job, ...]
    rest: RestServer
    rpc: RpcServer
    grace_s: float

    def jobs(self) -> Iterable[Job]:
        return self.jobs_

    async def drain(self) -> None:
        """Answer what is in hand on both sides."""
        self.rest.stop()
        await self.rpc.drain(self.grace_s)


@asynccontextmanager
async def open_app(settings: Settings, health: Health) -> AsyncIterator[Api]:
    """Open everything in the order of need; it closes in reverse."""
    clock = SystemClock()
    async with Resources(close_timeout_s=settings.close_timeout) as resources:
        bus = await open_bus(settings, resources, health)
        observer = Observer(bus)
        spine = Spine(bus, settings)
        await spine.facts()
        protecting = await open_protecting(spine, sealer_of(settings), clock)
        records = await open_records(spine, noticed=observer.notice, ruled=protecting.policies.note)
        webhooking = await open_webhooking(settings, spine, records, resources, clock)
        facts = FactPublisher(await spine.facts())
        resources.defer("facts", facts.close)
        domain = await open_domain(
            settings,
            records,
            facts,
            resources,
            clock=clock,
            webhooks=webhooking.webhooks,
            signing_keys=protecting.signing_keys,
            protect=protecting.policies.protect,
        )
        admission = make_admission(settings, records, clock)
        redis = Redis(settings.redis_url, on_change=metrics.gauge("headwater_api_redis_available").set)
        resources.defer("redis", redis.close)
        rpc = _rpc_server(settings, domain.servicers, admission, health)
        rest = rest_server(make_gateway(settings, domain.servicers, admission, redis=redis, health=health, clock=clock))
        listener = listening_socket(
            "rest", settings.bind, settings.rest_port, setting="HEADWATER_REST_PORT", backlog=_BACKLOG
        )
        resources.defer("REST listener", partial(asyncio.to_thread, listener.close))
        handlers = FactHandlers(bus, domain.chronicle, replicas=settings.log_replicas)
        first = dict(records.followed())
        later = {"playback": first.pop("playback"), "policies": protecting.policy_records}
        read_in = ReadIn(first.values(), later.values(), domain.catalogs)
        jobs = [
            Job("reading in", read_in.run),
            *(Job(f"read model of {name}", each.follow) for name, each in first.items()),
            *(Job(f"read model of {name}", partial(read_in.after_first, each.follow)) for name, each in later.items()),
            Job("facts", partial(_after_read_model, records, handlers.run)),
            Job("observer", partial(observer.run, records, domain.chronicle)),
            Job("keeper", domain.keeper.run),
            Job("viewing", domain.viewing.run),
            Job("quotas", domain.quota_keys.run),
            Job("watch redis", redis.watch),
            Job("last use of tokens", admission.last_use.run),
            *webhooking.jobs(),
            *protecting.jobs(records),
            Job("REST", partial(serve, rest, listener)),
        ]
        health.add("records", read_in.check)
        health.add("webhooks", webhooking.check)
        health.add("protection", protecting.check)
        metrics.observe("headwater_api_livestreams", records.livestreams.count)
        await resources.open("gRPC server", rpc)
        yield Api(tuple(jobs), rest, rpc, settings.drain_timeout)


def _rpc_server(settings: Settings, servicers: Servicers, admission: Admission, health: Health) -> RpcServer:
    rpc = RpcServer(
        settings.bind,
        settings.grpc_port,
        health,
        guards=[admission.guard, IdGuard()],
        deadline_s=CALL_LIMIT_S,
        max_message=_MAX_MESSAGE,
    )
    servicers.add_to(rpc)
    return rpc


async def _after_read_model(records: Records, run: Callable[[], Awaitable[None]]) -> None:
    for _, repository in records.followed():
        await repository.is_complete.wait()
    await run()
