import asyncio
import gc

import pytest
from structlog.testing import capture_logs

from services.common.tasks import cancel, spawn


async def test_result_of_a_spawned_task_can_be_awaited() -> None:
    """A task's result reaches whoever awaits it, and the task carries its name."""

    async def answer() -> int:
        return 42

    task = spawn(answer(), name="answer")

    assert task.get_name() == "answer"
    assert await task == 42


async def test_task_without_a_holder_is_kept_alive() -> None:
    """A task that nobody holds survives garbage collection and runs to its end."""
    done = asyncio.Event()
    gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait() -> None:
        await gate
        done.set()

    spawn(wait(), name="wait")
    await asyncio.sleep(0)
    gc.collect()
    gate.set_result(None)

    await asyncio.wait_for(done.wait(), 5)


async def test_failing_task_is_logged_once_with_its_name() -> None:
    """An exception nobody awaits is told exactly once, naming the task."""

    async def fail() -> None:
        raise ValueError("boom")

    with capture_logs() as lines:
        await asyncio.wait((spawn(fail(), name="doomed"),))
        await asyncio.sleep(0)

    assert [(line["event"], line["task"]) for line in lines] == [("task failed", "doomed")]
    assert isinstance(lines[0]["exc_info"], ValueError)


async def test_cancelled_task_is_not_logged() -> None:
    """Cancellation is an ordinary end."""
    with capture_logs() as lines:
        task = spawn(asyncio.Event().wait(), name="idle")
        assert await cancel(task)

    assert task.cancelled()
    assert lines == []


async def test_cancel_of_a_stubborn_task_gives_up_in_time() -> None:
    """A task that swallows its cancellation does not hold its canceller up."""
    leave = asyncio.Event()

    async def stubborn() -> None:
        while not leave.is_set():
            try:
                await leave.wait()
            except asyncio.CancelledError:
                continue

    task = spawn(stubborn(), name="stubborn")
    await asyncio.sleep(0)

    assert not await cancel(task, timeout_s=0.01)
    leave.set()
    await asyncio.wait_for(task, 5)


async def test_exception_still_reaches_the_awaiter() -> None:
    """Logging an exception does not take it from whoever awaits the task."""

    async def fail() -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        await spawn(fail(), name="doomed")
