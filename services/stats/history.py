"""A livestream's samples, all of them: the newest out of Redis, the rest out of the object store."""

import asyncio
from collections.abc import Sequence

from services.common.errors import AppError, Kind
from services.common.log import get_logger
from services.stats.blocks import Blocks, Named
from services.stats.merging import Merge, Page
from services.stats.samples import Place, Samples
from services.stats.series import INTERVAL_MS, Sample

READ_S = 1.5
"""Longer one page does not read the object store: who asks waits for 3 s."""
BLOCKS = 128
"""More blocks one page does not look at."""
_AT_ONCE = 8

_log = get_logger(__name__)


class History:
    """Reads pages."""

    def __init__(self, samples: Samples, blocks: Blocks) -> None:
        self._samples = samples
        self._blocks = blocks

    async def page(self, place: Place, after_ms: int, before_ms: int | None, size: int) -> Page:
        """At most `size` samples, newest first; fewer where more would take too long.

        While the object store is away, what Redis has. AppError(UNAVAILABLE) if that is nothing, or Redis is away.
        """
        # One more than a page: what Redis has beyond cannot be on it, whatever the object store adds.
        recent = await self._samples.newest(place, after_ms, before_ms, size + 1)
        merge = Merge(size, after_ms, before_ms)
        merge.add(recent)
        await self._add_stored(merge, place, after_ms, before_ms, recent)
        page = merge.page()
        if not page.samples and page.before_ms is not None and (before_ms is None or page.before_ms >= before_ms):
            raise AppError(Kind.UNAVAILABLE, "samples cannot be read just now", retry_after_s=5.0)
        return page

    async def _add_stored(
        self, merge: Merge, place: Place, after_ms: int, before_ms: int | None, recent: Sequence[Sample]
    ) -> None:
        unread_ms = recent[-1].slot_ms - 1 if recent else _NEVER
        try:
            async with asyncio.timeout(READ_S):
                found, is_more = await self._blocks.find(place, before_ms, BLOCKS)
                todo = [each for each in found if each.last_ms >= after_ms]
                rest_ms = found[-1].last_ms if found and is_more else -1
                unread_ms = todo[0].last_ms if todo else rest_ms
                while todo and (lacking := merge.lacks(unread_ms)):
                    some = _enough(todo, lacking)
                    for samples in await asyncio.gather(*(self._blocks.read(each) for each in some)):
                        merge.add(samples)
                    todo = todo[len(some) :]
                    unread_ms = todo[0].last_ms if todo else rest_ms
        except (AppError, TimeoutError) as error:
            _log.info("a page of samples is cut short", livestream=place.livestream, reason=repr(error))
        merge.cut(unread_ms + 1)


_NEVER = 1 << 53
"""After all slots."""


def _enough(blocks: Sequence[Named], lacking: int) -> Sequence[Named]:
    """As many blocks as should hold what is lacking, and no more than may be read at once."""
    count = 0
    for place, each in enumerate(blocks[:_AT_ONCE], 1):
        count += (each.last_ms - each.first_ms) // INTERVAL_MS + 1
        if count >= lacking:
            return blocks[:place]
    return blocks[:_AT_ONCE]
