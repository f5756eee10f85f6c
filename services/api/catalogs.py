"""The catalogs of what there is most of."""

import asyncio
from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord, MediaRecord
from services.api.catalog import Catalog
from services.api.records import Records
from services.api.rows import broadcast_columns, livestream_columns, media_columns
from services.api.standings import Standings
from services.common.clock import Clock


@dataclass(frozen=True)
class Catalogs:
    """Each follows its records."""

    livestreams: Catalog[LivestreamRecord]
    media: Catalog[MediaRecord]
    broadcasts: Catalog[BroadcastRecord]
    standings: Standings

    async def warm(self) -> None:
        """Sort what is asked for most before somebody waits for it; to be called when the read models are complete."""
        await self._sort(1, has_deleted=False)

    async def warm_later(self) -> None:
        """Sort the rest: other orders than that of making, and lists with what was deleted."""
        for has_deleted in (False, True):
            await self._sort(None, has_deleted=has_deleted)

    async def _sort(self, orders: int | None, *, has_deleted: bool) -> None:
        for catalog in (self.livestreams, self.media, self.broadcasts):
            for sort in catalog.unsorted(orders, has_deleted=has_deleted):
                sort()
                await asyncio.sleep(0)


def catalogs_of(records: Records, clock: Clock) -> Catalogs:
    made = Catalogs(
        Catalog(livestream_columns, ("create_time", "update_time", "name")),
        Catalog(media_columns),
        Catalog(broadcast_columns, ("create_time",)),
        Standings(records, clock),
    )
    records.livestreams.listen(made.livestreams.note, made.livestreams.note_new)
    records.media.listen(made.media.note, made.media.note_new)
    records.broadcasts.listen(made.broadcasts.note, made.broadcasts.note_new)
    return made
