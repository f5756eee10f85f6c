"""Webhooks as people order them: made, changed, deleted, pinged; and the log of what was sent."""

from dataclasses import dataclass

from headwater.internal.v1.webhooks_pb2 import DeliveryRecord, WebhookRecord
from headwater.v1.webhooks_pb2 import Webhook
from services.api.caller import DEFAULT, tenant_of
from services.api.once import id_of, is_recent, made_before
from services.api.records import Records
from services.api.repository import Stored
from services.api.urls import Urls
from services.api.webhooks import happening, schedule
from services.api.webhooks.announcer import make_delivery
from services.api.webhooks.formats.table import FORMATS
from services.api.webhooks.happening import Scene
from services.api.webhooks.records import WebhookRecords, delivery_key
from services.api.webhooks.rsa_keys import RsaKeys
from services.api.webhooks.secret import WebhookSecrets
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.targets import Targets

MOST = 100
"""Webhooks of a tenant."""


@dataclass(frozen=True)
class Webhooks:
    """The domain's webhooks. Every write may raise AppError(UNAVAILABLE) and may then be done or not."""

    own: WebhookRecords
    records: Records
    secrets: WebhookSecrets
    keys: RsaKeys
    """`keys.document(tenant)` is what `/.well-known/webhooks.json` answers."""
    targets: Targets
    urls: Urls
    clock: Clock

    async def create(self, tenant: str, draft: WebhookRecord) -> Stored[WebhookRecord]:
        """AppError(INVALID) names the field at fault; LIMIT if the tenant has too many."""
        drawn, made = await made_before("webhook", self.own.webhooks.get, self._now_us())
        if made is not None:  # by this very order, whose answer was lost
            await self._greet(made)
            return made
        record = WebhookRecord()
        record.CopyFrom(draft)
        record.id, record.tenant_id = drawn, tenant
        record.format = draft.format or Webhook.NATIVE
        await self._check(record, WebhookRecord())
        if len(self.own.webhooks.items(tenant, limit=MOST)) >= MOST:
            raise AppError(Kind.LIMIT, f"a tenant has at most {MOST} webhooks")
        record.create_time_us = record.update_time_us = self._now_us()
        record.sealed_secret = self.secrets.mint(record.id)
        stored = await self.own.webhooks.create(record.id, record)
        await self._greet(stored)
        return stored

    async def get(self, tenant: str, webhook: str, *, app: str = "") -> Stored[WebhookRecord]:
        """AppError(NOT_FOUND) if the tenant has none of that id; with `app`, if that is another app's."""
        stored = await self.own.webhooks.get(webhook)
        if stored is None or tenant_of(stored.record) != tenant or not _is_in(stored.record, app):
            raise AppError(Kind.NOT_FOUND, f"there is no webhook {webhook}")
        return stored

    def every(self, tenant: str, *, app: str) -> list[Stored[WebhookRecord]]:
        """All of a tenant; of one app, where one is named."""
        return [stored for stored in self.own.webhooks.items(tenant) if _is_in(stored.record, app)]

    async def update(self, stored: Stored[WebhookRecord], record: WebhookRecord) -> Stored[WebhookRecord]:
        """Write over what was read. AppError: INVALID, CONFLICT.

        What stays is not checked again: with a livestream or a name that is gone it can still be switched off.
        """
        await self._check(record, stored.record)
        record.update_time_us = max(self._now_us(), stored.record.update_time_us + 1)
        written = await self.own.webhooks.update(record.id, record, stored.revision)
        await self._greet(written)
        return written

    async def again(self, stored: Stored[WebhookRecord], order: str) -> bool:
        """Whether the order of this id was the last one to be carried out; what follows is done then."""
        if stored.record.order_id != order or not is_recent(stored.record.update_time_us, self._now_us()):
            return False
        await self._greet(stored)
        return True

    async def delete(self, stored: Stored[WebhookRecord]) -> None:
        """Nothing is sent any more; the sweeper removes what is left of its log if this process dies."""
        await self.own.webhooks.delete(stored.key, stored.revision)
        for delivery in self.own.deliveries.items(stored.key):
            await self.own.deliveries.delete(delivery.key)

    async def ping(self, stored: Stored[WebhookRecord]) -> DeliveryRecord:
        """The delivery of a ping, as it was ordered. AppError(FAILED_PRECONDITION) for a disabled webhook."""
        webhook = stored.record
        if webhook.is_disabled:
            raise AppError(Kind.FAILED_PRECONDITION, "the webhook is disabled")
        now_us = self._now_us()
        scene = Scene(tenant_of(webhook), self.urls)
        made = await make_delivery(
            self.own, webhook, happening.ping(id_of(f"ping/{webhook.id}"), now_us), scene, now_us
        )
        if made is None:
            raise AppError(Kind.INTERNAL, "a format has no ping")
        return made

    def deliveries(self, webhook: str) -> list[Stored[DeliveryRecord]]:
        """The log."""
        return self.own.deliveries.items(webhook)

    async def resend(self, webhook: Stored[WebhookRecord], delivery: str) -> DeliveryRecord:
        """Order it once more under the same id, for a whole day. AppError: NOT_FOUND, FAILED_PRECONDITION."""
        if webhook.record.is_disabled:
            raise AppError(Kind.FAILED_PRECONDITION, "the webhook is disabled")

        def edit(record: DeliveryRecord | None) -> DeliveryRecord | None:
            if record is not None:
                schedule.order(record, self._now_us())
            return record

        stored = await self.own.deliveries.change(delivery_key(webhook.key, delivery), edit)
        if stored is None:
            raise AppError(Kind.NOT_FOUND, f"there is no delivery {delivery}")
        return stored.record

    async def _greet(self, stored: Stored[WebhookRecord]) -> None:
        """Some products send a ping to a webhook that was made or changed."""
        if FORMATS[stored.record.format].pings_on_change and not stored.record.is_disabled:
            await self.ping(stored)

    async def _check(self, record: WebhookRecord, before: WebhookRecord) -> None:
        if record.url != before.url or not record.url:
            await self.targets.check(record.url, field="webhook.url")
        known = FORMATS[record.format].names
        for place, event in enumerate(record.events):
            if event not in known:
                raise AppError(Kind.INVALID, f"must be one of {', '.join(known)}", field=f"webhook.events[{place}]")
        for place, livestream in enumerate(record.livestream_ids):
            is_new = livestream not in before.livestream_ids
            if is_new and not await self._has_livestream(record.tenant_id, livestream):
                field = f"webhook.livestreamIds[{place}]"
                raise AppError(Kind.INVALID, f"there is no livestream {livestream[:64]}", field=field)
        if record.app_id != before.app_id and not await self._has_app(record.tenant_id, record.app_id):
            raise AppError(Kind.INVALID, f"there is no app {record.app_id}", field="webhook.appId")

    async def _has_livestream(self, tenant: str, livestream: str) -> bool:
        stored = await self.records.livestreams.get(livestream)
        return stored is not None and not stored.record.delete_time_us and tenant_of(stored.record) == tenant

    async def _has_app(self, tenant: str, app: str) -> bool:
        return app in {"", DEFAULT} or await self.records.apps.get(f"{tenant}.{app}") is not None

    def _now_us(self) -> int:
        return round(self.clock.now() * 1e6)


def _is_in(record: WebhookRecord, app: str) -> bool:
    """One of no app counts as the first one's, as livestreams of none do."""
    return app in {"", record.app_id or DEFAULT}
