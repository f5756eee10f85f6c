"""Things that are done again and again, done together: a process that wakes up finds its caches cold.

What each of ten broadcasts does four times a second costs ten times less if all of them do it at the same moments, so
whoever may choose the moment takes the next multiple of his interval on the loop's clock.
"""

import asyncio

_TOO_SOON = 0.1
"""Less than this share of an interval from here is the beat that has just been: timers are rounded to milliseconds."""


def until_beat(now: float, each_s: float) -> float:
    """Seconds from `now` to the next multiple of `each_s`; between a tenth more than none and a tenth more than one."""
    left = each_s - now % each_s
    return left if left > _TOO_SOON * each_s else left + each_s


async def beat(each_s: float) -> None:
    """Return at the next multiple of `each_s` on the loop's clock."""
    await asyncio.sleep(until_beat(asyncio.get_running_loop().time(), each_s))
