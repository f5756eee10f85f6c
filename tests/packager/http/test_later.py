"""Answers that take a task."""

import asyncio

import pytest

from services.packager.http.later import later
from services.packager.http.refusals import Refused
from services.packager.http.response import Response
from tests.packager.http.site import PLAYLIST, eventually


async def outcome_of(error: BaseException | None) -> Response:
    delivered: list[Response] = []

    async def look_up() -> Response:
        await asyncio.sleep(0)
        if error is not None:
            raise error
        return PLAYLIST

    later(look_up(), name="look up").attach(delivered.append)
    await eventually(lambda: delivered)
    return delivered[0]


async def test_result_becomes_the_answer() -> None:
    """Delivered when the task is done."""
    assert await outcome_of(None) is PLAYLIST


@pytest.mark.parametrize(
    ("error", "status"), [(Refused(404), 404), (RuntimeError("a bug"), 500), (TimeoutError(), 500)]
)
async def test_failure_becomes_an_answer_too(error: Exception, status: int) -> None:
    """A refusal keeps its status; anything else is ours."""
    assert (await outcome_of(error)).status == status


async def test_client_that_leaves_ends_the_task() -> None:
    """What is looked up for nobody is not looked up on."""
    began, ended = asyncio.Event(), asyncio.Event()

    async def look_up() -> Response:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return PLAYLIST

    pending = later(look_up(), name="look up")
    pending.attach(lambda _: None)
    await began.wait()
    pending.cancel()
    async with asyncio.timeout(5):
        await ended.wait()
