"""Waiting at start."""

import pytest

from services.machine.supervisor import StartFailedError
from services.machine.waiting import until_all


async def _yes() -> bool:
    return True


async def _no() -> bool:
    return False


async def test_all_answers_end_the_wait() -> None:
    """The wait is over when each has answered once, also if it answers late."""
    answers = iter([False, False, True])

    async def late() -> bool:
        return next(answers)

    asked = {"nats": _yes, "s3": late}
    assert await until_all(asked, what="servers", say=pytest.fail, gives_up=lambda: False)


async def test_giving_up_ends_the_wait_with_no() -> None:
    """A stop during the start is obeyed at once."""
    assert not await until_all({"s3": _no}, what="servers", say=pytest.fail, gives_up=lambda: True)


async def test_long_wait_names_who_is_missing() -> None:
    """After two seconds a line says for whom we wait; at the deadline the start has failed, naming them."""
    said: list[str] = []
    with pytest.raises(StartFailedError, match=r"s3 did not answer within 2\.2 s"):
        await until_all(
            {"nats": _yes, "s3": _no}, what="servers", say=said.append, gives_up=lambda: False, deadline_s=2.2
        )
    assert said == ["servers: waiting for s3 (2 s)"]
