"""Public messages out of webhooks' records. Pure."""

from headwater.internal.v1.webhooks_pb2 import AttemptRecord, DeliveryRecord, WebhookRecord
from headwater.v1.webhooks_pb2 import Delivery, Webhook
from services.api.repository import Stored
from services.api.timestamps import timestamp


def public_webhook(stored: Stored[WebhookRecord], secret: str | None) -> Webhook:
    """`secret` is None for those who may only read."""
    record = stored.record
    return Webhook(
        id=record.id,
        name=record.name,
        url=record.url,
        format=record.format,
        events=record.events,
        livestream_ids=record.livestream_ids,
        enabled=not record.is_disabled,
        secret=secret,
        create_time=timestamp(record.create_time_us),
        update_time=timestamp(record.update_time_us),
        etag=str(stored.revision),
        app_id=record.app_id,
    )


def public_delivery(record: DeliveryRecord, url: str) -> Delivery:
    """`url` is the webhook's as it is now: that is where the next attempt goes."""
    return Delivery(
        id=record.id,
        webhook_id=record.webhook_id,
        event=record.event,
        livestream_id=record.livestream_id,
        state=record.state,
        create_time=timestamp(record.create_time_us),
        next_attempt_time=timestamp(record.next_attempt_time_us),
        attempts=[_attempt(attempt) for attempt in record.attempts],
        url=url,
        body=record.body.decode("utf-8", "replace"),
    )


def _attempt(record: AttemptRecord) -> Delivery.Attempt:
    return Delivery.Attempt(
        time=timestamp(record.time_us),
        status_code=record.status_code,
        error=record.error,
        duration_ms=record.duration_ms,
    )
