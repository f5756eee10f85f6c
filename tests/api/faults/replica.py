"""A whole api in the test's own process, as its composition puts it together, with nothing running by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest

from services.api.admission import make_admission
from services.api.domain import Domain, open_domain
from services.api.edge import make_gateway
from services.api.protecting.opening import Protecting, open_protecting
from services.api.records import Records, open_records
from services.api.settings import Settings
from services.api.uploads import Uploads
from services.api.webhooks.composition import Webhooking, open_webhooking
from services.common.bus.connection import Bus
from services.common.clock import SystemClock
from services.common.health import Health
from services.common.objects import ObjectStore
from services.common.objects_opening import object_store
from services.common.redis_client import Redis
from services.common.resources import Resources
from services.common.secrets import sealer_of
from services.common.spine import Spine
from services.common.tasks import cancel, spawn
from tests.api.in_process import KindArchive, KindSamples, SaidFacts

AT_WORK = b"w"


@dataclass(frozen=True)
class Replica:
    """Its read models are kept; all else happens when it is told to."""

    settings: Settings
    records: Records
    domain: Domain
    webhooking: Webhooking
    protecting: Protecting
    facts: SaidFacts
    store: ObjectStore
    redis: Redis
    http: httpx.AsyncClient

    async def call(self, verb: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """As a client calls it, over the real edge."""
        if isinstance(body, bytes):
            kind = "text/vtt" if body.startswith(b"WEBVTT") else "image/png"
            return await self.http.request(verb, path, content=body, headers=headers | {"Content-Type": kind})
        return await self.http.request(verb, path, json=body, headers=headers)

    async def forget_who_is_at_work(self) -> None:
        """As after HELD_S: whoever has died holds no order any more."""
        (found,) = await self.redis.run([("KEYS", "headwater:api:idempotency:*")])
        for key in found:
            (kept,) = await self.redis.run([("GET", key)])
            if kept is not None and kept[:1] == AT_WORK:
                await self.redis.run([("DEL", key)])


@asynccontextmanager
async def replica(settings: Settings, bus: Bus) -> AsyncIterator[Replica]:
    """An api that is ready. What others have left behind is swept at once, and not after two minutes."""
    clock, health, facts, spine = SystemClock(), Health(), SaidFacts(), Spine(bus, settings)
    async with Resources(close_timeout_s=5) as resources:
        await spine.facts()
        protecting = await open_protecting(spine, sealer_of(settings), clock)
        records = await open_records(spine, noticed=lambda _key: None, ruled=protecting.policies.note)
        webhooking = await open_webhooking(settings, spine, records, resources, clock)
        store = await resources.open("objects", object_store(settings))
        await store.ensure_bucket()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("services.api.domain.RemoteSamples", lambda _stub: KindSamples())
            patch.setattr("services.api.domain.RemoteArchive", lambda _stub: KindArchive(records, store=store))
            patch.setattr("services.api.domain.Uploads", partial(Uploads, lost_after_s=0.0))
            domain = await open_domain(
                settings,
                records,
                facts,  # type: ignore[arg-type]  # publishes alike
                resources,
                clock=clock,
                webhooks=webhooking.webhooks,
                signing_keys=protecting.signing_keys,
                protect=protecting.policies.protect,
            )
        admission, redis = make_admission(settings, records, clock), Redis(settings.redis_url)
        resources.defer("redis", redis.close)
        gateway = make_gateway(settings, domain.servicers, admission, redis=redis, health=health, clock=clock)
        own = (protecting.policy_records, protecting.key_records)
        followed = [each for _, each in (*records.followed(), *webhooking.own.followed())]
        tasks = [spawn(each.follow(), name="read model") for each in (*followed, *own)]
        for each in (*followed, *own):
            await each.is_complete.wait()
        token = (settings.home / "admin-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=gateway), base_url="http://api", headers=headers
        ) as http:
            yield Replica(settings, records, domain, webhooking, protecting, facts, store, redis, http)
        for task in tasks:
            await cancel(task)
