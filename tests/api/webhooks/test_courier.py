"""Deliveries on real NATS to a real HTTP server, with a clock that is turned by hand."""

import asyncio

import pytest

from headwater.v1.webhooks_pb2 import Delivery, Webhook
from services.api.webhooks.records import delivery_key
from tests.api.webhooks.openssl import hmac_sha256
from tests.api.webhooks.receiver import Receiver
from tests.api.webhooks.stage import KilledError, Stage, staged
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

FATAL_MOMENTS = 4
"""Before and after the write that takes a delivery in hand, and the one that notes what came of it."""


async def _pinged(stage: Stage, url: str, **fields: object) -> tuple[str, str]:
    """A webhook with one ping to be sent: its id, and the delivery's key."""
    webhook = await stage.add(url, **fields)
    stored = await stage.webhooks.get(webhook.tenant_id, webhook.id)
    made = await stage.webhooks.ping(stored)
    return webhook.id, delivery_key(webhook.id, made.id)


def _record(stage: Stage, key: str) -> object:
    stored = stage.own.deliveries.peek(key)
    return stored.record if stored else None


async def test_delivery_is_sent_and_noted(stage: Stage, receiver: Receiver) -> None:
    """Signed with the webhook's secret over the very bytes that were sent."""
    webhook, key = await _pinged(stage, f"{receiver.url}/a?b=c")

    assert await stage.work() == 1

    (heard,) = receiver.of("/a?b=c")
    stored = await stage.webhooks.get("acme", webhook)
    secret = stage.secrets.open(stored.record)
    time_s, signature = heard.headers["webhook-signature"].removeprefix("time=").split(",sig1=")
    assert hmac_sha256(secret, f"{time_s}.".encode() + heard.body) == signature
    assert int(time_s) == int(stage.clock.now())
    assert (heard.headers["user-agent"], heard.headers["content-type"]) == ("Headwater-Webhooks", "application/json")
    assert heard.headers["webhook-id"] == heard.json["id"] == key.split(".")[1]
    record = stage.own.deliveries.peek(key)
    assert record is not None
    assert (record.record.state, record.record.attempts[0].status_code) == (Delivery.DELIVERED, 204)
    assert await stage.work() == 0


async def test_failed_attempts_come_again_later_and_later(stage: Stage, receiver: Receiver) -> None:
    """At once, after 5 s, after 10 s; the attempts stand in the log, and each is the same body under the same id."""
    receiver.answers += [500, 302]
    webhook, key = await _pinged(stage, f"{receiver.url}/retry")

    for wait_s, attempts in ((0, 1), (4.9, 0), (0.1, 1), (9.9, 0), (0.1, 1), (3600, 0)):
        stage.clock.advance(wait_s)
        assert await stage.work() == attempts

    record = stage.own.deliveries.peek(key)
    assert record is not None
    assert [attempt.status_code for attempt in record.record.attempts] == [500, 302, 204]
    assert len({(heard.body, heard.headers["webhook-id"]) for heard in receiver.of("/retry")}) == 1
    assert receiver.of("/elsewhere") == []
    assert webhook


async def test_realtimekit_is_not_tried_again_after_a_refusal(stage: Stage, receiver: Receiver) -> None:
    """Only after 5xx and where there was no answer."""
    receiver.answers += [503, 404]
    _, key = await _pinged(stage, f"{receiver.url}/rtk", format=Webhook.REALTIMEKIT)
    for _ in range(3):
        await stage.work()
        stage.clock.advance(3600)

    record = stage.own.deliveries.peek(key)
    assert record is not None
    assert record.record.state == Delivery.FAILED
    assert [attempt.status_code for attempt in record.record.attempts] == [503, 404]


async def test_nobody_there_is_a_failed_attempt(stage: Stage) -> None:
    """With words that the webhook's owner can use."""
    _, key = await _pinged(stage, "http://127.0.0.1:1/")
    await stage.work()

    record = stage.own.deliveries.peek(key)
    assert record is not None
    attempt = record.record.attempts[0]
    assert (attempt.status_code, attempt.error) == (0, "the connection was refused")
    assert record.record.state == Delivery.PENDING


async def test_url_that_leads_inside_is_refused_at_delivery(stage: Stage, nats: NatsServer, receiver: Receiver) -> None:
    """Made when it was allowed, or when its name led elsewhere: it is checked again each time."""
    _, key = await _pinged(stage, f"{receiver.url}/inside")
    async with staged(nats.url, allows_private=False) as strict:
        await strict.courier.attempt(key)
        record = strict.own.deliveries.peek(key)

    assert record is not None
    assert "loopback" in record.record.attempts[0].error
    assert receiver.of("/inside") == []


async def test_disabled_webhook_is_sent_nothing(stage: Stage, receiver: Receiver) -> None:
    """What was waiting for it is given up, and says why."""
    webhook, key = await _pinged(stage, f"{receiver.url}/off")
    stored = await stage.webhooks.get("acme", webhook)
    record = type(stored.record)()
    record.CopyFrom(stored.record)
    record.is_disabled = True
    await stage.webhooks.update(stored, record)

    await stage.work()

    given_up = stage.own.deliveries.peek(key)
    assert given_up is not None
    assert (given_up.record.state, given_up.record.attempts[0].error) == (Delivery.FAILED, "the webhook is disabled")
    assert receiver.of("/off") == []


async def test_delivery_of_a_deleted_webhook_vanishes(stage: Stage, receiver: Receiver) -> None:
    """Even if the process that deleted it died before it could clean up."""
    webhook, key = await _pinged(stage, f"{receiver.url}/gone")
    await stage.own.webhooks.delete(webhook)

    await stage.work()

    assert await stage.own.deliveries.look_up(key) is None
    assert receiver.of("/gone") == []


async def test_of_two_replicas_one_sends(stage: Stage, nats: NatsServer, receiver: Receiver) -> None:
    """Both see that it is due; who writes first has it."""
    _, key = await _pinged(stage, f"{receiver.url}/two")
    async with staged(nats.url) as other:
        await asyncio.gather(stage.courier.attempt(key), other.courier.attempt(key))

    assert len(receiver.of("/two")) == 1


@pytest.mark.parametrize("moment", range(1, FATAL_MOMENTS + 1))
async def test_killed_at_any_moment_it_is_delivered_at_least_once(
    stage: Stage, receiver: Receiver, moment: int
) -> None:
    """The next process goes on from the record, at the latest when the dead one's time is up."""
    _, key = await _pinged(stage, f"{receiver.url}/killed")
    mortal, fatal = stage.mortal(moment)
    with pytest.raises(KilledError):
        await mortal.courier.attempt(key)

    stage.clock.advance(30)
    await stage.courier.attempt(key)

    record = stage.own.deliveries.peek(key)
    assert record is not None
    assert record.record.state == Delivery.DELIVERED
    assert 1 <= len(receiver.of("/killed")) <= 2
    assert fatal.count == moment


async def test_attempt_has_no_more_moments_than_are_tested(stage: Stage, receiver: Receiver) -> None:
    """A new write in an attempt asks for a new row above."""
    _, key = await _pinged(stage, f"{receiver.url}/counted")
    mortal, fatal = stage.mortal(1000)
    await mortal.courier.attempt(key)

    assert fatal.count == FATAL_MOMENTS
