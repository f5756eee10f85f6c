"""Public ids of recordings: unique in a tenant, and the newest recording holds it."""

from collections import defaultdict
from collections.abc import Sequence

from headwater.internal.v1.records_pb2 import MediaRecord
from services.api.caller import tenant_of
from services.api.records import Records

Name = tuple[str, str]
"""A tenant and a public id."""


class PublicIds:
    """Who holds which; follows the records. Errors of what writes: AppError(UNAVAILABLE)."""

    def __init__(self, records: Records) -> None:
        self._media = records.media
        self._names: dict[str, Name] = {}
        self._holders: defaultdict[Name, set[tuple[int, str]]] = defaultdict(set)
        records.media.listen(self._note, self._note_new)

    async def give_up(self, tenant: str, public_id: str) -> None:
        """Of all that hold it only the newest keeps it. Repeatable."""
        for _, older in sorted(self._holders.get((tenant, public_id), ()))[:-1]:
            await self._media.change(older, _without_public_id)

    async def sweep(self) -> None:
        """Do so where whoever wrote the newest down died before it did."""
        for tenant, public_id in [name for name, holders in self._holders.items() if len(holders) > 1]:
            await self.give_up(tenant, public_id)

    def _note(self, key: str, record: MediaRecord | None) -> None:
        known = self._names.pop(key, None)
        if known is not None:
            self._holders[known] = {each for each in self._holders[known] if each[1] != key}
            if not self._holders[known]:
                del self._holders[known]
        if record is not None and record.public_id:
            self._names[key] = (tenant_of(record), record.public_id)
            self._holders[self._names[key]].add((record.create_time_us, key))

    def _note_new(self, keys: Sequence[str], records: Sequence[MediaRecord]) -> None:
        for key, record in zip(keys, records, strict=True):
            if record.public_id:
                self._note(key, record)


def _without_public_id(record: MediaRecord | None) -> MediaRecord | None:
    if record is not None:
        record.public_id = ""
    return record
