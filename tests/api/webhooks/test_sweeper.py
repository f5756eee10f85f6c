"""The log of deliveries stays short."""

import pytest

from headwater.v1.webhooks_pb2 import Delivery
from services.api.webhooks.sweeper import KEPT_S, Sweeper
from tests.api.webhooks.receiver import Receiver
from tests.api.webhooks.stage import Stage

pytestmark = pytest.mark.connected


async def _deliver(stage: Stage, url: str, count: int) -> str:
    webhook = await stage.add(url)
    stored = await stage.webhooks.get("acme", webhook.id)
    for _ in range(count):
        stage.clock.advance(0.001)
        await stage.webhooks.ping(stored)
    return webhook.id


async def test_newest_are_kept(stage: Stage, receiver: Receiver) -> None:
    """Of those that are over; the others go for good."""
    webhook = await _deliver(stage, receiver.url, 5)
    await stage.work()
    newest = [stored.key for stored in stage.own.deliveries.items(webhook)][:2]

    await Sweeper(stage.own, stage.clock, kept=2).sweep()

    assert [stored.key for stored in stage.own.deliveries.items(webhook)] == newest


async def test_waiting_deliveries_have_a_bound(stage: Stage, receiver: Receiver) -> None:
    """The oldest are given up, and the log says so."""
    webhook = await _deliver(stage, receiver.url, 4)

    await Sweeper(stage.own, stage.clock, waiting=3).sweep()

    found = [stored.record for stored in stage.own.deliveries.items(webhook)]
    assert [record.state for record in found] == [Delivery.PENDING] * 3 + [Delivery.FAILED]
    assert "too many" in found[-1].attempts[0].error


async def test_old_ones_go_and_those_of_a_deleted_webhook(stage: Stage, receiver: Receiver) -> None:
    """Before the bucket forgets them without a word, and whatever a dead process has left."""
    old = await _deliver(stage, receiver.url, 1)
    gone = await _deliver(stage, receiver.url, 2)
    await stage.work()
    await stage.own.webhooks.delete(gone)
    stage.clock.advance(KEPT_S + 1)
    fresh = await _deliver(stage, receiver.url, 1)
    await stage.work()

    await Sweeper(stage.own, stage.clock).sweep()

    left = {webhook: len(stage.own.deliveries.items(webhook)) for webhook in (old, gone, fresh)}
    assert left == {old: 0, gone: 0, fresh: 1}
