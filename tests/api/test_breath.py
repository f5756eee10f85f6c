"""Long walks through records, with others let in between."""

import asyncio

from services.api.breath import BREATH, breathing
from services.common.tasks import cancel, spawn


async def test_others_have_their_turn_and_nothing_is_left_out() -> None:
    """Each that there is, in order."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = spawn(count(), name="other")
    assert [each async for each in breathing(range(10 * BREATH))] == list(range(10 * BREATH))
    assert turns >= 10
    await cancel(other)
