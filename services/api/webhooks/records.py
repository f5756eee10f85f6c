"""The buckets of webhooks, opened together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from headwater.internal.v1.webhooks_pb2 import DeliveryRecord, SaidStateRecord, WebhookKeyRecord, WebhookRecord
from services.api.caller import tenant_of
from services.api.kv_repository import KvRepository
from services.api.repository import Repository
from services.common import subjects
from services.common.spine import Spine


@dataclass(frozen=True)
class WebhookRecords:
    """All written by api's replicas alone."""

    webhooks: Repository[WebhookRecord]
    deliveries: Repository[DeliveryRecord]
    keys: Repository[WebhookKeyRecord]
    states: Repository[SaidStateRecord]
    """Read past the read model, which nobody keeps."""

    def followed(self) -> Iterator[tuple[str, KvRepository[Any]]]:
        """Those whose read model must be kept, by name."""
        named = {"webhooks": self.webhooks, "deliveries": self.deliveries}
        for name, repository in named.items():
            if isinstance(repository, KvRepository):
                yield name, repository

    async def wait(self) -> None:
        """Return when the read models are complete."""
        for _, repository in self.followed():
            await repository.is_complete.wait()

    @property
    def is_complete(self) -> bool:
        return all(repository.is_complete.is_set() for _, repository in self.followed())


Told = Callable[[str, DeliveryRecord | None], None]


async def open_webhook_records(spine: Spine, *, noticed: Told) -> WebhookRecords:
    """Open the buckets. `noticed` is told of each delivery that has changed (None: it is gone). Errors: Unavailable."""
    return WebhookRecords(
        webhooks=KvRepository(
            await spine.bucket(subjects.WEBHOOKS),
            WebhookRecord,
            time_us=lambda each: each.create_time_us,
            group=tenant_of,
        ),
        deliveries=KvRepository(
            await spine.bucket(subjects.DELIVERIES),
            DeliveryRecord,
            time_us=lambda each: each.create_time_us,
            group=lambda each: each.webhook_id,
            listener=noticed,
        ),
        keys=KvRepository(await spine.bucket(subjects.WEBHOOK_KEYS), WebhookKeyRecord),
        states=KvRepository(await spine.bucket(subjects.WEBHOOK_STATES), SaidStateRecord),
    )


def delivery_key(webhook: str, delivery: str) -> str:
    """The key of a delivery in its bucket."""
    return f"{webhook}.{delivery}"
