"""The catalogs of what there is most of."""

from dataclasses import dataclass

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord, MediaRecord
from services.api.catalog import Catalog
from services.api.records import Records
from services.api.rows import broadcast_row, livestream_row, media_row


@dataclass(frozen=True)
class Catalogs:
    """Each follows its records."""

    livestreams: Catalog[LivestreamRecord]
    media: Catalog[MediaRecord]
    broadcasts: Catalog[BroadcastRecord]

    def warm(self) -> None:
        """To be called when the read models are complete."""
        self.livestreams.warm()
        self.media.warm()
        self.broadcasts.warm()


def catalogs_of(records: Records) -> Catalogs:
    made = Catalogs(Catalog(livestream_row), Catalog(media_row), Catalog(broadcast_row))
    records.livestreams.listen(made.livestreams.note)
    records.media.listen(made.media.note)
    records.broadcasts.listen(made.broadcasts.note)
    return made
