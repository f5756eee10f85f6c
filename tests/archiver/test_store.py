"""The store as an archiver uses it."""

from collections.abc import AsyncIterator

import pytest

from services.archiver.availability import Availability
from services.archiver.store import Store
from services.common import metrics
from services.common.bus.facts import FactPublisher
from services.common.clock import ManualClock
from tests.archiver.facts import facts_of
from tests.archiver.on_air import Stage

pytestmark = pytest.mark.connected


@pytest.fixture
async def facts(here: Stage) -> AsyncIterator[FactPublisher]:
    publisher = FactPublisher(await here.spine.facts())
    yield publisher
    await publisher.close()


async def test_bucket_that_is_not_there_is_made(here: Stage, facts: FactPublisher) -> None:
    """What the store refuses for want of a bucket is written all the same."""
    store = Store(here.objects, Availability(facts, ManualClock(), program="a"))

    await store.put("a/b", [b"by", b"tes"])

    assert await store.get("a/b") == b"bytes"
    assert await store.size("a/b") == 5
    assert await store.get("a/c") is None
    await store.delete(["a/b", "a/c"])
    assert await store.delete_prefix("a/") == 0


async def test_loss_and_return_are_told_once(here: Stage, facts: FactPublisher) -> None:
    """One failure is none; two in a row are a loss until something is answered, however many follow."""
    clock, gauge = ManualClock(), metrics.gauge("headwater_objects_available")
    availability = Availability(facts, clock, program="a")
    availability.failed("a connection grew old")
    availability.answered()
    availability.failed("once")
    assert (availability.is_lost, gauge.value) == (False, 1)
    for _ in range(3):
        availability.failed("refused")
    assert (availability.is_lost, gauge.value) == (True, 0)
    clock.advance(61.5)
    for _ in range(3):
        availability.answered()
    assert (availability.is_lost, gauge.value) == (False, 1)
    await facts.close()

    lost, recovered = await facts_of(here)
    assert (lost.store_lost.program, lost.store_lost.reason) == ("a", "refused")
    assert recovered.store_recovered.away_ms == 61_500
