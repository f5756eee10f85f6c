"""headwater.v1.WebhookService."""

from collections.abc import Collection
from functools import partial

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.webhooks_pb2 import DeliveryRecord, WebhookRecord
from headwater.v1 import webhooks_pb2 as pb
from headwater.v1.webhooks_pb2_grpc import WebhookServiceServicer
from services.api.access import caller
from services.api.audit import Audit, Audited
from services.api.changes import changed_fields, check_etag
from services.api.emptied import emptied
from services.api.once import id_of
from services.api.repository import Stored
from services.api.short_list import ShortList
from services.api.versions import catch_up
from services.api.webhooks.view import public_delivery, public_webhook
from services.api.webhooks.webhooks import Webhooks
from services.common.errors import AppError, Kind
from services.common.ids import is_id
from services.common.rpc_call import Context

_SETTABLE = ("name", "url", "events", "livestream_ids", "enabled", "app_id")

_LIST = ShortList[WebhookRecord](
    lambda each: each.create_time_us, {"update_time": lambda each: each.update_time_us}, lambda each: each.name
)
_LOG = ShortList[DeliveryRecord](lambda each: each.create_time_us, {})


class WebhookServicer(WebhookServiceServicer):
    """Orders about the caller's tenant's webhooks in, webhooks and their log out."""

    def __init__(self, webhooks: Webhooks, audit: Audit) -> None:
        self._webhooks = webhooks
        self._audit = audit

    async def CreateWebhook(self, request: pb.CreateWebhookRequest, _context: Context) -> pb.Webhook:  # noqa: N802  gRPC's
        given, who = request.webhook, caller()
        draft = WebhookRecord(format=given.format)
        _take(draft, given, _SETTABLE)
        draft.app_id = draft.app_id or who.app_id
        made = await self._webhooks.create(who.tenant_id, draft)
        self._audit.created(Audited.WEBHOOK, made.key)
        return self._show(made)

    async def GetWebhook(self, request: pb.GetWebhookRequest, _context: Context) -> pb.Webhook:  # noqa: N802  gRPC's
        return self._show(await self._get(request.id))

    async def ListWebhooks(self, request: pb.ListWebhooksRequest, _context: Context) -> pb.ListWebhooksResponse:  # noqa: N802  gRPC's
        who = caller()
        page = _LIST.page(request, self._webhooks.every(who.tenant_id, app=who.app_id), partial(_is_wanted, request))
        return pb.ListWebhooksResponse(
            webhooks=[self._show(stored) for stored in page.items],
            next_page_token=page.after,
            total_count=page.total,
        )

    async def UpdateWebhook(self, request: pb.UpdateWebhookRequest, _context: Context) -> pb.Webhook:  # noqa: N802  gRPC's
        given = request.webhook
        if not is_id(given.id):
            raise AppError(Kind.INVALID, "is no id of a webhook", field="webhook.id")
        fields = changed_fields(
            given, request.update_mask if request.HasField("update_mask") else None, _SETTABLE, emptied()
        )
        await catch_up(self._webhooks.own.webhooks, given.id, given.etag)
        stored, order = await self._get(given.id), id_of(f"update/{given.id}")
        if await self._webhooks.again(stored, order):
            return self._show(stored)
        check_etag(stored, given.etag)
        if given.format not in {pb.Webhook.FORMAT_UNSPECIFIED, stored.record.format}:
            raise AppError(Kind.INVALID, "never changes", field="webhook.format")
        record = WebhookRecord()
        record.CopyFrom(stored.record)
        record.order_id = order
        _take(record, given, fields)
        changed = await self._webhooks.update(stored, record)
        self._audit.updated(Audited.WEBHOOK, changed.key, fields)
        return self._show(changed)

    async def DeleteWebhook(self, request: pb.DeleteWebhookRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._webhooks.delete(await self._get(request.id))
        self._audit.deleted(Audited.WEBHOOK, request.id)
        return Empty()

    async def PingWebhook(self, request: pb.PingWebhookRequest, _context: Context) -> pb.Delivery:  # noqa: N802  gRPC's
        stored = await self._get(request.id)
        return public_delivery(await self._webhooks.ping(stored), stored.record.url)

    async def ListDeliveries(self, request: pb.ListDeliveriesRequest, _context: Context) -> pb.ListDeliveriesResponse:  # noqa: N802  gRPC's
        webhook = await self._get(request.webhook_id)
        page = _LOG.page(request, self._webhooks.deliveries(webhook.key), partial(_is_asked_for, request))
        return pb.ListDeliveriesResponse(
            deliveries=[public_delivery(stored.record, webhook.record.url) for stored in page.items],
            next_page_token=page.after,
            total_count=page.total,
        )

    async def ResendDelivery(self, request: pb.ResendDeliveryRequest, _context: Context) -> pb.Delivery:  # noqa: N802  gRPC's
        webhook = await self._get(request.webhook_id)
        return public_delivery(await self._webhooks.resend(webhook, request.id), webhook.record.url)

    async def _get(self, webhook: str) -> Stored[WebhookRecord]:
        who = caller()
        return await self._webhooks.get(who.tenant_id, webhook, app=who.app_id)

    def _show(self, stored: Stored[WebhookRecord]) -> pb.Webhook:
        return public_webhook(stored, self._webhooks.secrets.open(stored.record) if caller().sees_keys else None)


def _is_wanted(request: pb.ListWebhooksRequest, record: WebhookRecord) -> bool:
    """What a webhook does not narrow down it hears of all."""
    return (
        not (request.HasField("enabled") and request.enabled is record.is_disabled)
        and (not request.event or not record.events or request.event in record.events)
        and (not request.livestream_id or not record.livestream_ids or request.livestream_id in record.livestream_ids)
        and request.format in {pb.Webhook.FORMAT_UNSPECIFIED, record.format}
    )


def _is_asked_for(request: pb.ListDeliveriesRequest, record: DeliveryRecord) -> bool:
    return (
        request.state in {pb.Delivery.STATE_UNSPECIFIED, record.state}
        and request.event in {"", record.event}
        and request.livestream_id in {"", record.livestream_id}
    )


def _take(record: WebhookRecord, given: pb.Webhook, fields: Collection[str]) -> None:
    """Copy the fields a caller may set; one that is named and not given goes back to its default."""
    for name in ("name", "url", "app_id"):
        if name in fields:
            setattr(record, name, getattr(given, name))
    if "events" in fields:
        record.events[:] = dict.fromkeys(given.events)
    if "livestream_ids" in fields:
        record.livestream_ids[:] = dict.fromkeys(given.livestream_ids)
    if "enabled" in fields:
        record.is_disabled = given.HasField("enabled") and not given.enabled
