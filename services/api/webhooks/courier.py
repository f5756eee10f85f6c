"""One attempt at one delivery: take it in hand, send it, write down what came of it.

Whoever takes it writes so first, by compare-and-set, and has it for half a minute. If he dies, another takes it after
that: it may be sent twice, and is never forgotten.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from headwater.internal.v1.webhooks_pb2 import AttemptRecord, DeliveryRecord, WebhookRecord
from headwater.v1.webhooks_pb2 import Webhook
from services.api.caller import tenant_of
from services.api.repository import Stored
from services.api.webhooks import schedule
from services.api.webhooks.formats.table import FORMATS
from services.api.webhooks.records import WebhookRecords
from services.api.webhooks.rsa_keys import RsaKeys
from services.api.webhooks.secret import WebhookSecrets
from services.api.webhooks.signing import Sending, headers
from services.common import metrics
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.http_post import PostError, post
from services.common.targets import Targets

SEND_S = 10.0
"""For an attempt as a whole: name, connection, TLS, request and answer."""

_MOST_WORDS = 200


@dataclass(frozen=True)
class Courier:
    """`holder` names this process and no other, not even its successor."""

    own: WebhookRecords
    targets: Targets
    secrets: WebhookSecrets
    keys: RsaKeys
    clock: Clock
    holder: str

    async def attempt(self, key: str) -> None:
        """Try a delivery if it is due and nobody else has it. AppError(UNAVAILABLE) where that could not be written."""
        held = await self._take(key)
        if held is None:
            return
        stored = await self.own.webhooks.get(held.record.webhook_id)
        if stored is None:
            await self.own.deliveries.delete(key)
        elif stored.record.is_disabled:
            await self._write(key, lambda record: schedule.give_up(record, "the webhook is disabled", self._now_us()))
        else:
            attempt, outcome = await self._send(stored.record, held.record)
            metrics.counter("headwater_api_webhook_attempts_total", result=outcome.value).inc()
            await self._write(key, lambda record: schedule.note(record, attempt, outcome, self._now_us()))

    async def _take(self, key: str) -> Stored[DeliveryRecord] | None:
        known = await self.own.deliveries.get(key)
        due_us = schedule.due_us(known.record) if known else None
        if known is None or due_us is None or due_us > self._now_us():
            return None
        record = _copy(known.record)
        schedule.hold(record, self.holder, self._now_us())
        try:
            return await self.own.deliveries.update(key, record, known.revision)
        except AppError as error:
            if error.kind is not Kind.CONFLICT:
                raise
            return None  # another replica was faster

    async def _write(self, key: str, edit: Callable[[DeliveryRecord], None]) -> None:
        def change(record: DeliveryRecord | None) -> DeliveryRecord | None:
            if record is not None:
                edit(record)
            return record

        await self.own.deliveries.change(key, change)

    async def _send(self, webhook: WebhookRecord, record: DeliveryRecord) -> tuple[AttemptRecord, schedule.Outcome]:
        began, began_us = self.clock.monotonic(), self._now_us()
        status, error = 0, ""
        try:
            async with asyncio.timeout(SEND_S):
                status = await self._post(webhook, record)
        except TimeoutError:
            error = f"no answer within {SEND_S:g} s"
        except PostError as failure:
            error = str(failure)
        except OSError:
            error = "the host name could not be resolved"
        except AppError as failure:
            error = f"the URL {failure.detail}" if failure.kind is Kind.INVALID else failure.detail
        duration_ms = round((self.clock.monotonic() - began) * 1000)
        attempt = AttemptRecord(
            time_us=began_us, status_code=status, error=error[:_MOST_WORDS], duration_ms=duration_ms
        )
        retries_refusals = FORMATS[webhook.format].retries_refusals
        return attempt, schedule.judge(status, retries_refusals=retries_refusals)

    async def _post(self, webhook: WebhookRecord, record: DeliveryRecord) -> int:
        target = self.targets.read(webhook.url, field="webhook.url")
        addresses = await self.targets.resolve(target, field="webhook.url")
        is_secure = target.scheme == "https"
        sending = Sending(webhook.format, webhook.id, record.id, record.body, is_secure)
        has_rsa = webhook.format == Webhook.REALTIMEKIT
        key = await self.keys.private(tenant_of(webhook)) if has_rsa else None
        fields = headers(sending, self.secrets.open(webhook), key, int(self.clock.now()))
        return await post(target, addresses, fields, record.body, timeout_s=SEND_S)

    def _now_us(self) -> int:
        return round(self.clock.now() * 1e6)


def _copy(record: DeliveryRecord) -> DeliveryRecord:
    copy = DeliveryRecord()
    copy.CopyFrom(record)
    return copy
