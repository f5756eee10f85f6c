"""Blocks of samples in the object store. Every call may raise AppError(UNAVAILABLE)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from services.common import keys, metrics
from services.common.log import get_logger
from services.stats import block
from services.stats.samples import Place
from services.stats.series import Sample
from services.stats.store import Store

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Named:
    """A block as its key tells of it: the slots of its first and its last sample."""

    key: str
    first_ms: int
    last_ms: int


class Blocks:
    """Written once each, under a name that follows from the contents."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, place: Place, samples: Sequence[Sample]) -> None:
        """Keep a block. Again is as once."""
        data = block.encode(*place, samples)
        digest = hashlib.sha256(data).hexdigest()[:16]
        key = keys.sample_block(*place, samples[0].slot_ms // 1000, samples[-1].slot_ms // 1000, digest)
        await self._store.put(key, data)
        metrics.counter("headwater_stats_blocks_total").inc()

    async def find(self, place: Place, before_ms: int | None, limit: int) -> tuple[list[Named], bool]:
        """Blocks with samples of before `before_ms` (None: all), those that end last first; whether there are more.

        At least `limit` if there are so many, and less than twice as many.
        """
        after = None if before_ms is None else keys.samples_until(*place, (before_ms + block.LONGEST_MS) // 1000)
        found: list[Named] = []
        while True:
            listed = await self._store.list(keys.samples(*place), after, limit)
            named = (_named(each.key) for each in listed if each.size <= block.MOST_BYTES)
            found += [each for each in named if each and (before_ms is None or each.first_ms < before_ms)]
            if len(listed) < limit or len(found) >= limit:
                return found, len(listed) == limit
            after = listed[-1].key

    async def read(self, named: Named) -> list[Sample]:
        """Its samples; none if it has been deleted meanwhile, or is no block."""
        try:
            return block.decode(await self._store.get(named.key, block.MOST_BYTES))
        except DecodeError:
            _log.error("not a block of samples", key=named.key)
            return []

    async def delete(self, livestream: str) -> int:
        """Delete all blocks of a livestream; how many there were."""
        return await self._store.delete_all(keys.statistics(livestream))


def _named(key: str) -> Named | None:
    times = keys.sample_times(key)
    return Named(key, times[0] * 1000, times[1] * 1000) if times else None
