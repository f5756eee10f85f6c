"""Recordings as they lie in the object store. Every call waits for the store; contents are the same whoever writes."""

import asyncio
from collections.abc import Container, Iterable

from headwater.internal.v1.cmaf_pb2 import Index, Recording, Rendition, Segment
from services.archiver.index import lasting
from services.archiver.pieces import Pieces
from services.archiver.store import Store
from services.common import keys
from services.common.objects import Put

_READS_AT_ONCE = 6
_KNOWN_INITS = 10_000
_KNOWN_RECORDS = 20_000
_VIDEO = "video/mp4"


class Recordings:
    """Reads and writes the objects of recordings by their store prefix."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._known_inits: dict[str, None] = {}
        # What we have written ourselves need not be read for the index; what is not here is read.
        self._known_records: dict[tuple[str, int], bytes] = {}

    def _init(self, prefix: str, rendition: Rendition) -> list[Put]:
        """An init segment and what it is of, unless this process has written them."""
        key = keys.init(prefix, rendition.name, rendition.init_id)
        if key in self._known_inits:
            return []
        described = lasting(rendition).SerializeToString(deterministic=True)
        about = keys.rendition(prefix, rendition.name, rendition.init_id)
        return [Put(key, [rendition.init], _VIDEO), Put(about, [described])]

    def _note_init(self, prefix: str, rendition: Rendition) -> None:
        if len(self._known_inits) >= _KNOWN_INITS:
            del self._known_inits[next(iter(self._known_inits))]
        self._known_inits[keys.init(prefix, rendition.name, rendition.init_id)] = None

    async def rendition(self, prefix: str, name: str, init_id: str) -> Rendition | None:
        """What an init segment is of, with its bytes."""
        found = await self.store.get(keys.rendition(prefix, name, init_id))
        return None if found is None else Rendition.FromString(found)

    async def put_segment(self, segment: Segment, pieces: Pieces, message: bytes) -> None:
        """Write a segment's renditions, with their init segments, and then `message`, which says that it is stored."""
        prefix, msn = segment.store_prefix, segment.msn
        puts = []
        for told in segment.renditions:
            puts.append(Put(keys.segment(prefix, told.name, msn), pieces.of.get(told.number, ()), _VIDEO))
            puts += self._init(prefix, pieces.renditions[told.number])
        puts.append(_record(prefix, msn, message))
        await self.store.put_all(puts)
        for told in segment.renditions:
            self._note_init(prefix, pieces.renditions[told.number])
        self._note_record(prefix, msn, message)

    async def put_record(self, prefix: str, msn: int, message: bytes) -> None:
        """Write that a segment is dealt with, stored or not."""
        await self.store.put_all([_record(prefix, msn, message)])
        self._note_record(prefix, msn, message)

    def _note_record(self, prefix: str, msn: int, message: bytes) -> None:
        if len(self._known_records) >= _KNOWN_RECORDS:
            del self._known_records[next(iter(self._known_records))]
        self._known_records[prefix, msn] = message

    async def has_segment(self, prefix: str, msn: int) -> bool:
        """Whether a segment is stored, by its record or by the index that has taken the record in."""
        if await self.store.size(keys.segment_record(prefix, msn)) is not None:
            return True
        return await self.store.size(keys.index(prefix, msn // keys.INDEX_SEGMENTS)) is not None

    async def records(self, prefix: str, msns: Iterable[int]) -> list[Segment | None]:
        """The records of segments, in order; None for one that is not stored."""
        gate = asyncio.Semaphore(_READS_AT_ONCE)

        async def read(msn: int) -> Segment | None:
            found = self._known_records.get((prefix, msn))
            if found is None:
                async with gate:
                    found = await self.store.get(keys.segment_record(prefix, msn))
            return None if found is None else Segment.FromString(found)

        return await asyncio.gather(*(read(msn) for msn in msns))

    async def has_index(self, prefix: str, number: int) -> bool:
        return await self.store.size(keys.index(prefix, number)) is not None

    async def put_index(self, prefix: str, number: int, index: Index) -> None:
        await self.store.put(keys.index(prefix, number), [index.SerializeToString(deterministic=True)])
        for segment in index.segments:
            self._known_records.pop((prefix, segment.msn), None)

    async def index(self, prefix: str, number: int) -> Index | None:
        found = await self.store.get(keys.index(prefix, number))
        return None if found is None else Index.FromString(found)

    async def put_recording(self, prefix: str, recording: Recording) -> None:
        """Write that the recording is complete: after all else."""
        await self.store.put(keys.recording(prefix), [recording.SerializeToString(deterministic=True)])

    async def recording(self, prefix: str) -> Recording | None:
        found = await self.store.get(keys.recording(prefix))
        return None if found is None else Recording.FromString(found)

    async def put_cut(self, prefix: str, name: str, msn: int, data: bytes) -> None:
        """Write a segment of which only a part is kept."""
        await self.store.put(keys.segment(prefix, name, msn), [data], _VIDEO)

    async def copy_segment(
        self, source: str, of: Segment, prefix: str, msn: int, *, without: Container[str] = ()
    ) -> bool:
        """Copy a segment's renditions under another prefix and number; False if one is not there.

        One that was lost has nothing to be copied, and those in `without` are not.
        """
        for told in of.renditions:
            if not told.length or told.name in without:
                continue
            mine, its = keys.segment(source, told.name, of.msn), keys.segment(prefix, told.name, msn)
            if not await self.store.copy(mine, its):
                return False
        return True

    async def copy_init(self, source: str, rendition: Rendition, prefix: str) -> bool:
        """Copy an init segment under another prefix; False if it is not there."""
        name, init_id = rendition.name, rendition.init_id
        return await self.store.copy(keys.init(source, name, init_id), keys.init(prefix, name, init_id))

    async def delete_records(self, prefix: str) -> None:
        """Remove the segment records that the index has taken in."""
        await self.store.delete_prefix(keys.segment_records(prefix))

    async def delete_all(self, prefix: str) -> None:
        """Remove a recording."""
        await self.store.delete_prefix(f"{prefix}/")
        for key in [key for key in self._known_inits if key.startswith(f"{prefix}/")]:
            del self._known_inits[key]


def _record(prefix: str, msn: int, message: bytes) -> Put:
    """That a segment is stored: written after all else of it."""
    return Put(keys.segment_record(prefix, msn), [message])
