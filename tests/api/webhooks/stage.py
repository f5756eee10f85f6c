"""Webhooks on real NATS in this process, with a clock that stands still and writes that can fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from headwater.internal.v1.webhooks_pb2 import DeliveryRecord, WebhookRecord
from headwater.v1.webhooks_pb2 import Webhook
from services.api.kv_repository import KvRepository
from services.api.records import Records, open_records
from services.api.webhooks.announcer import Announcer, Around
from services.api.webhooks.courier import Courier
from services.api.webhooks.dispatcher import Dispatcher
from services.api.webhooks.records import WebhookRecords, open_webhook_records
from services.api.webhooks.rsa_keys import RsaKeys
from services.api.webhooks.secret import WebhookSecrets
from services.api.webhooks.webhooks import Webhooks
from services.common.bus.connection import connect
from services.common.clock import ManualClock
from services.common.ids import new_id
from services.common.secrets import Sealer
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from services.common.targets import Targets
from tests.api.webhooks.scenes import AT_US, URLS

TENANT = "acme"


class KilledError(Exception):
    """The process has died here."""


class Mortal:
    """A repository whose process dies at its `fatal`-th write: before it is written, or just after."""

    def __init__(self, inner: KvRepository[Any], fatal: "Fatal") -> None:
        self._inner = inner
        self._fatal = fatal

    def __getattr__(self, name: str) -> Any:
        called = getattr(self._inner, name)
        if name not in {"create", "update", "change", "delete"}:
            return called

        async def write(*arguments: Any) -> Any:
            self._fatal.strike(after=False)
            answer = await called(*arguments)
            self._fatal.strike(after=True)
            return answer

        return write


@dataclass
class Fatal:
    """Counts the moments before and after each write; dies at one of them, and stays dead."""

    at: int
    count: int = 0

    def strike(self, *, after: bool) -> None:
        del after
        self.count += 1
        if self.count >= self.at:
            raise KilledError


@dataclass(frozen=True)
class Stage:
    """One process's view."""

    own: WebhookRecords
    records: Records
    clock: ManualClock
    spine: Spine
    secrets: WebhookSecrets
    keys: RsaKeys
    targets: Targets
    dispatcher: Dispatcher

    @property
    def webhooks(self) -> Webhooks:
        return Webhooks(self.own, self.records, self.secrets, self.keys, self.targets, URLS, self.clock)

    @property
    def courier(self) -> Courier:
        return Courier(self.own, self.targets, self.secrets, self.keys, self.clock, new_id())

    @property
    def announcer(self) -> Announcer:
        return Announcer(self.spine.bus, Around(self.own, self.records, URLS), self.clock, replicas=1)

    def mortal(self, at: int) -> tuple["Stage", Fatal]:
        """The same with a process that dies at the `at`-th moment."""
        fatal = Fatal(at)
        own: Any = self.own
        wrapped = {name: Mortal(getattr(own, name), fatal) for name in ("webhooks", "deliveries", "keys", "states")}
        return replace(self, own=replace(own, **wrapped)), fatal

    async def add(self, url: str, **fields: Any) -> WebhookRecord:
        """A webhook, in the read model."""
        draft = WebhookRecord(url=url, **({"format": Webhook.NATIVE} | fields))
        return (await self.webhooks.create(TENANT, draft)).record

    def deliveries(self, webhook: WebhookRecord) -> list[DeliveryRecord]:
        """Newest first."""
        return [stored.record for stored in self.own.deliveries.items(webhook.id)]

    async def work(self) -> int:
        """Attempt all that is due now, as the dispatcher would; how many attempts that were."""
        now_us, attempts = round(self.clock.now() * 1e6), 0
        while keys := self.dispatcher.agenda.start(now_us):
            attempts += len(keys)
            await asyncio.gather(*(self.courier.attempt(key) for key in keys))
            for key in keys:
                self.dispatcher.agenda.done(key, now_us + 1)
        return attempts


@asynccontextmanager
async def staged(nats_url: str, *, allows_private: bool = True) -> AsyncIterator[Stage]:
    """A stage on this NATS; its read models are complete."""
    bus = await connect(nats_url, name="test")
    spine, clock = Spine(bus, ServiceSettings()), ManualClock(AT_US / 1e6)
    dispatcher = Dispatcher(clock)
    targets = Targets(allows_private=allows_private)
    try:
        own = await open_webhook_records(spine, noticed=dispatcher.notice)
        records = await open_records(spine, noticed=lambda _key: None)
        sealer = Sealer(b"k" * 32)
        async with asyncio.TaskGroup() as group:
            followed = [*own.followed(), *records.followed()]
            tasks = [group.create_task(repository.follow()) for _, repository in followed]
            for _, repository in followed:
                await asyncio.wait_for(repository.is_complete.wait(), 10)
            keys = RsaKeys(own.keys, sealer, clock)
            yield Stage(own, records, clock, spine, WebhookSecrets(sealer), keys, targets, dispatcher)
            for task in tasks:
                task.cancel()
    finally:
        await targets.close()
        await bus.close()
