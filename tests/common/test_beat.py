"""Moments that all who wait share."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from services.common.beat import beat, until_beat


@given(now=st.floats(0, 1e7), each_s=st.sampled_from([0.05, 0.1, 0.25, 0.5]))
def test_next_beat_is_a_multiple_and_neither_now_nor_far(now: float, each_s: float) -> None:
    """The next beat is a multiple of the interval, at least a tenth of it away and at most a tenth more than it."""
    left = until_beat(now, each_s)
    assert 0.1 * each_s < left <= 1.1 * each_s + 1e-9
    beats = (now + left) / each_s
    assert abs(beats - round(beats)) < 1e-4


def test_beat_is_not_repeated_when_the_timer_was_early() -> None:
    """Who wakes a moment before the beat that he waited for waits for the one after it."""
    assert until_beat(0.9995, 0.5) > 0.5


async def test_beat_returns_at_a_multiple_on_the_loops_clock() -> None:
    """It is not before the beat that `beat` returns: a whole multiple lies between asking and going on."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    await beat(0.05)
    assert int((loop.time() + 0.001) / 0.05) > int(before / 0.05)
