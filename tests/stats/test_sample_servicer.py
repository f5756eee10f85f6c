"""Samples go with their livestream: asked in process, with a real Redis and a real object store."""

from typing import Any

import pytest

from headwater.internal.v1.services_pb2 import DeleteSamplesRequest
from services.common.errors import AppError, Kind
from services.stats.sample_servicer import SampleServicer
from services.stats.samples import Place
from tests.stats.keeping import Kept, away, sample

pytestmark = pytest.mark.connected

NO_CONTEXT: Any = None


async def delete(shelf: Kept, livestream: str) -> None:
    servicer = SampleServicer(shelf.samples, shelf.blocks, shelf.clock)
    await servicer.DeleteSamples(DeleteSamplesRequest(livestream_id=livestream), NO_CONTEXT)


async def test_samples_go_from_redis_and_from_the_store_and_others_stay(shelf: Kept) -> None:
    """Those of both instances; and once more is no error."""
    other, secondary = Place("e" * 32, "primary"), Place(shelf.place.livestream, "secondary")
    for place in (other, secondary):
        await shelf.samples.add({place: sample(0)})
    await shelf.keep(range(20))
    await shelf.take([30])
    for _ in range(2):
        await delete(shelf, shelf.place.livestream)

    assert await shelf.numbers() == []
    assert await shelf.objects_there() == []
    assert (await shelf.history.page(secondary, 0, None, 10)).samples == []
    assert len((await shelf.history.page(other, 0, None, 10)).samples) == 1


async def test_deletion_without_the_store_is_refused_and_finished_later(shelf: Kept) -> None:
    """Who ordered it hears that it is not done, and orders it again."""
    await shelf.keep(range(5))
    async with away(shelf):
        with pytest.raises(AppError) as refusal:
            await delete(shelf, shelf.place.livestream)
    await delete(shelf, shelf.place.livestream)

    assert refusal.value.kind is Kind.UNAVAILABLE
    assert await shelf.objects_there() == []


@pytest.mark.parametrize("livestream", ["", "..", "primary"])
async def test_only_a_livestream_can_be_deleted(shelf: Kept, livestream: str) -> None:
    """Or an empty id would delete everybody's."""
    await shelf.keep(range(5))
    with pytest.raises(AppError) as refusal:
        await delete(shelf, livestream)

    assert (refusal.value.kind, refusal.value.field) == (Kind.INVALID, "livestreamId")
    assert await shelf.numbers() == [4, 3, 2, 1, 0]
