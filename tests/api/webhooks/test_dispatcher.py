"""Attempts are started when they are due, and one that fails harms no other."""

import asyncio

from headwater.internal.v1.webhooks_pb2 import DeliveryRecord
from headwater.v1.webhooks_pb2 import Delivery
from services.api.webhooks.dispatcher import Dispatcher
from services.api.webhooks.schedule import finish, order
from services.common.clock import SystemClock
from services.common.errors import AppError, Kind
from services.common.tasks import cancel, spawn


def _record(key: str, due_us: int = 0) -> DeliveryRecord:
    record = DeliveryRecord(id=key, webhook_id=key, tenant_id="t")
    order(record, due_us)
    return record


async def test_due_attempts_run_beside_each_other_and_failures_stay_their_own() -> None:
    """One hangs, one fails, one is refused by the bus: the fourth is taken, and what failed is tried again."""
    dispatcher, taken, failures = Dispatcher(SystemClock()), asyncio.Event(), []

    async def attempt(key: str) -> None:
        if key == "hangs":
            await asyncio.Event().wait()
        if key in {"fails", "away"} and key not in failures:
            failures.append(key)
            raise ValueError if key == "fails" else AppError(Kind.UNAVAILABLE, "away")
        record = _record(key)
        finish(record, Delivery.DELIVERED)
        dispatcher.notice(key, record)
        if key == "good":
            taken.set()

    running = spawn(dispatcher.run(attempt), name="dispatcher")
    for key in ("hangs", "fails", "away", "good"):
        dispatcher.notice(key, _record(key))
    async with asyncio.timeout(10):
        await taken.wait()
        while len(dispatcher.agenda) > 1:  # noqa: ASYNC110  the agenda has no event for it
            await asyncio.sleep(0.01)
    await cancel(running)

    assert sorted(failures) == ["away", "fails"]


async def test_delivery_of_the_future_waits_and_one_that_is_gone_never_runs() -> None:
    """Being told of it is enough either way."""
    dispatcher, started = Dispatcher(SystemClock()), []

    async def attempt(key: str) -> None:
        started.append(key)
        dispatcher.notice(key, None)

    dispatcher.notice("later", _record("later", round((SystemClock().now() + 3600) * 1e6)))
    dispatcher.notice("gone", _record("gone"))
    dispatcher.notice("gone", None)
    dispatcher.notice("now", _record("now"))
    running = spawn(dispatcher.run(attempt), name="dispatcher")
    async with asyncio.timeout(10):
        while dispatcher.agenda.under_way or len(dispatcher.agenda) > 1:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)
    await cancel(running)

    assert started == ["now"]
