"""Webhooks and deliveries as callers see them."""

from headwater.internal.v1.webhooks_pb2 import AttemptRecord, DeliveryRecord, WebhookRecord
from headwater.v1.webhooks_pb2 import Delivery, Webhook
from services.api.repository import Stored
from services.api.webhooks.view import public_delivery, public_webhook
from tests.api.webhooks.scenes import AT_US

RECORD = WebhookRecord(
    id="e" * 32,
    tenant_id="acme",
    app_id="shop",
    name="mine",
    url="https://example.org/",
    format=Webhook.STREAM,
    events=["ready"],
    sealed_secret=b"sealed",
    create_time_us=AT_US,
)


def test_webhook_is_shown_with_its_secret_or_without() -> None:
    """Without: null, and not empty."""
    shown = public_webhook(Stored("e", RECORD, 7), "open")

    assert (shown.secret, shown.etag, shown.enabled, shown.app_id) == ("open", "7", True, "shop")
    assert (shown.format, list(shown.events), shown.create_time.ToMicroseconds()) == (Webhook.STREAM, ["ready"], AT_US)
    assert not public_webhook(Stored("e", RECORD, 7), None).HasField("secret")


def test_delivery_is_shown_with_its_attempts() -> None:
    """When there will be none, no next one is named."""
    record = DeliveryRecord(id="d" * 32, webhook_id="e" * 32, event="ready", body=b"{}", state=Delivery.FAILED)
    record.attempts.append(AttemptRecord(time_us=AT_US, status_code=500, error="", duration_ms=12))

    shown = public_delivery(record, RECORD.url)

    assert (shown.body, shown.url, shown.HasField("next_attempt_time")) == ("{}", "https://example.org/", False)
    (attempt,) = shown.attempts
    assert (attempt.time.ToMicroseconds(), attempt.status_code, attempt.duration_ms) == (AT_US, 500, 12)
