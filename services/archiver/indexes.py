"""Index objects, written as soon as all their segments are stored, by whoever notices."""

from headwater.internal.v1.cmaf_pb2 import Index
from services.archiver.index import Tally, count_objects, make_index, needed, segments_of
from services.archiver.repository import Recordings
from services.common.keys import INDEX_SEGMENTS
from services.common.log import get_logger

_KNOWN = 10_000

_log = get_logger(__name__)


class Indexes:
    """Completes the indexes of recordings. It keeps nothing but a list of what need not be asked for again."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._known: dict[tuple[str, int], None] = {}

    async def extend(self, prefix: str, broadcast: str, segment_count: int) -> None:
        """Write the newest full index object of a broadcast with so many segments, if they are all stored.

        Where another archiver is still busy with one of them, the next call or `total` does it.
        """
        number = segment_count // INDEX_SEGMENTS - 1
        if number < 0 or (prefix, number) in self._known:
            return
        if not await self._recordings.has_index(prefix, number):
            found = await self._write(prefix, broadcast, number, (number + 1) * INDEX_SEGMENTS)
            if isinstance(found, list):
                return
        self._note(prefix, number)

    async def total(self, prefix: str, broadcast: str, segment_count: int) -> Tally | list[int]:
        """Complete the index and count the whole; the segments that are not stored, if there are any."""
        tally, missing = Tally(), []
        for number in range(count_objects(segment_count)):
            index = await self._recordings.index(prefix, number)
            if index is None:
                found = await self._write(prefix, broadcast, number, segment_count)
                if isinstance(found, list):
                    missing += found
                    continue
                index = found
            tally.add(index)
        return missing or tally

    async def _write(self, prefix: str, broadcast: str, number: int, segment_count: int) -> Index | list[int]:
        msns = segments_of(number, segment_count)
        records = await self._recordings.records(prefix, msns)
        segments = [record for record in records if record is not None]
        if len(segments) < len(msns):
            return [msn for msn, record in zip(msns, records, strict=True) if record is None]
        renditions = []
        for name, init_id in needed(segments):
            rendition = await self._recordings.rendition(prefix, name, init_id)
            if rendition is not None:
                renditions.append(rendition)
        index = make_index(broadcast, segments, renditions)
        await self._recordings.put_index(prefix, number, index)
        _log.info("index written", broadcast=broadcast, number=number, segments=len(segments))
        return index

    def _note(self, prefix: str, number: int) -> None:
        if len(self._known) >= _KNOWN:
            del self._known[next(iter(self._known))]
        self._known[prefix, number] = None
