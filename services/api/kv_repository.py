"""Records in a key-value bucket: written by compare-and-set, read from a model that the bucket's watch keeps."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice, repeat
from typing import Generic

from services.api.insisting import Lost
from services.api.newest_first import NewestFirst, Place
from services.api.repository import Edit, Listener, M, NewListener, Stored
from services.common.bus.bucket import Bucket
from services.common.bus.errors import BusError, Exists, Stale, TooLarge, Unavailable
from services.common.bus.watch import Change, Values
from services.common.errors import AppError, Kind

_ATTEMPTS = 20
_REMEMBERED_DELETIONS = 10_000
_TENANTS = 1000
"""Whose groups' names need not be made again."""


@lru_cache(_TENANTS)
def tenant_group(tenant: str) -> str:
    """The group of all records of a tenant."""
    return f"tenant {tenant}"


class KvRepository(Generic[M]):
    """A Repository over a bucket; `follow` must run for the read model to be kept.

    `time_us` and `group` of a record say where it stands in lists, "" being no group; with `tenant` there is a list of
    each tenant's, too. Without time and group there is no order, and none is kept.
    """

    def __init__(
        self,
        bucket: Bucket,
        message: type[M],
        *,
        time_us: Callable[[M], int] | None = None,
        group: Callable[[M], str] | None = None,
        tenant: Callable[[M], str] | None = None,
        listener: Listener[M] | None = None,
    ) -> None:
        self._bucket = bucket
        self._message = message
        self._time_us: Callable[[M], int] = time_us or (lambda _record: 0)
        self._group: Callable[[M], str] = group or (lambda _record: "")
        self._tenant = tenant
        self._is_ordered = time_us is not None or group is not None
        self._listeners: list[tuple[Listener[M], NewListener[M]]] = []
        self._records: dict[str, Stored[M]] = {}
        self._order = NewestFirst()
        self._deleted: OrderedDict[str, int] = OrderedDict()
        self.is_complete = asyncio.Event()
        """Set once the read model has every record there was at the start."""
        if listener is not None:
            self.listen(listener)

    def listen(self, listener: Listener[M], many: NewListener[M] | None = None) -> None:
        def one_by_one(keys: Sequence[str], records: Sequence[M]) -> None:
            for key, record in zip(keys, records, strict=True):
                listener(key, record)

        for stored in self._records.values():
            listener(stored.key, stored.record)
        self._listeners.append((listener, many or one_by_one))

    async def follow(self) -> None:
        """Keep the read model up to date, through reconnects, for ever."""
        async with self._bucket.watch() as changes:
            while batch := await changes.batch():
                if isinstance(batch, Values):
                    self._hear_values(*batch)
                else:
                    for change in batch:
                        self._hear(change)

    def _hear_values(
        self, keys: Sequence[str], values: Sequence[bytes], revisions: Sequence[int], _times_us: Sequence[int]
    ) -> None:
        """At the start nearly all are new, and learned together."""
        found = dict(zip(keys, map(Stored, keys, values, revisions, repeat(self._message)), strict=True))
        are_new = all(known.isdisjoint(found) for known in (self._records.keys(), self._deleted.keys()))
        if are_new and len(found) == len(keys):
            self._learn_new(found, list(map(self._message.FromString, values)))
        else:
            for key, value, revision in zip(keys, values, revisions, strict=True):
                self._learn(key, value, revision)

    def _learn_new(self, found: dict[str, Stored[M]], records: Sequence[M]) -> None:
        """What `_learn` does with one, with all of them at each step: that takes a third of the time."""
        self._records.update(found)
        keys = list(found)
        if self._is_ordered:
            self._arrange(keys, records)
        for _, many in self._listeners:
            many(keys, records)

    def _arrange(self, keys: Sequence[str], records: Sequence[M]) -> None:
        places = [(-time_us, key) for time_us, key in zip(map(self._time_us, records), keys, strict=True)]
        self._order.add_to_whole(places)
        self._order.add_many(places, map(self._group, records))
        if self._tenant is not None:
            self._order.add_many(places, map(tenant_group, map(self._tenant, records)))

    def _hear(self, change: Change | None) -> None:
        if change is None:
            self.is_complete.set()
        elif change.value is None:
            self._forget(change.key)
        else:
            self._learn(change.key, change.value, change.revision)

    def peek(self, key: str) -> Stored[M] | None:
        return self._records.get(key)

    async def get(self, key: str) -> Stored[M] | None:
        return self._records.get(key) or await self.look_up(key)

    async def create(self, key: str, record: M) -> Stored[M]:
        value = record.SerializeToString()
        with _telling():
            revision = await self._bucket.create(key, value)
        return self._learn(key, value, revision)

    async def update(self, key: str, record: M, revision: int) -> Stored[M]:
        try:
            return await self._write_over(key, record, revision)
        except Lost:
            await self.look_up(key)  # who tries again does so on what is there by now
            raise

    async def _write_over(self, key: str, record: M, revision: int) -> Stored[M]:
        value = record.SerializeToString()
        with _telling():
            written = await self._bucket.update(key, value, revision)
        return self._learn(key, value, written)

    async def change(self, key: str, edit: Edit[M]) -> Stored[M] | None:
        found = await self.get(key)
        for _ in range(_ATTEMPTS):
            wanted = edit(found.record if found else None)
            if wanted is None or (found is not None and wanted == found.record):
                return found
            try:
                return await (self._write_over(key, wanted, found.revision) if found else self.create(key, wanted))
            except Lost:
                found = await self.look_up(key)
        # No `Lost`: an order that has written before must not be carried out again from its reading on.
        raise AppError(Kind.UNAVAILABLE, "it is being changed all the time; try again")

    async def delete(self, key: str, revision: int | None = None) -> None:
        try:
            with _telling():
                await self._bucket.delete(key, revision)
        except Lost:
            await self.look_up(key)
            raise
        known = self._records.get(key)
        self._deleted[key] = revision or (known.revision if known else 0)
        if len(self._deleted) > _REMEMBERED_DELETIONS:
            self._deleted.popitem(last=False)
        self._forget(key)

    def items(self, group: str | None = None, *, limit: int | None = None) -> list[Stored[M]]:
        if group is None and not self._is_ordered:
            return list(islice(self._records.values(), limit))
        return [self._records[key] for key in self._keys(group, limit=limit)]

    def each(self) -> list[Stored[M]]:
        return list(self._records.values())

    def keys(self, group: str) -> list[str]:
        return self._order.keys(group)

    def count(self, group: str | None = None) -> int:
        return len(self._records) if group is None else self._order.count(group)

    async def look_up(self, key: str) -> Stored[M] | None:
        with _telling():
            record = await self._bucket.get(key)
        if record is None:
            return None
        return self._learn(key, record.value, record.revision)

    def _learn(self, key: str, value: bytes, revision: int) -> Stored[M]:
        stored = Stored(key, value, revision, self._message)
        known = self._records.get(key)
        if revision <= (known.revision if known is not None else self._deleted.get(key, 0)):
            return known or stored  # the watch is a moment behind what this process itself has written
        record = self._message.FromString(value)
        self._records[key] = stored
        if self._is_ordered:
            if known is not None:
                self._displace(key, known.record)
            self._order.add((-self._time_us(record), key), self._groups(record))
        for listener, _ in self._listeners:
            listener(key, record)
        return stored

    def _forget(self, key: str) -> None:
        known = self._records.pop(key, None)
        if known is not None:
            if self._is_ordered:
                self._displace(key, known.record)
            for listener, _ in self._listeners:
                listener(key, None)

    def _displace(self, key: str, record: M) -> None:
        self._order.remove((-self._time_us(record), key), self._groups(record))

    def _groups(self, record: M) -> tuple[str, ...]:
        if self._tenant is None:
            return (self._group(record),)
        return self._group(record), tenant_group(self._tenant(record))

    def _place(self, stored: Stored[M]) -> Place:
        return -self._time_us(stored.record), stored.key

    def _keys(self, group: str | None, limit: int | None = None) -> list[str]:
        if group is not None:
            return self._order.keys(group, limit)
        return self._order.all_keys(lambda: map(self._place, self._records.values()), limit)


@contextmanager
def _telling() -> Iterator[None]:
    """The bus's errors in the words of an API."""
    try:
        yield
    except Unavailable as error:
        message = "records cannot be reached now; nothing else stops, try again"
        raise AppError(Kind.UNAVAILABLE, message, retry_after_s=1.0) from error
    except (Exists, Stale) as error:
        raise Lost from error
    except TooLarge as error:
        raise AppError(Kind.LIMIT, "the record would be too large") from error
    except BusError as error:
        raise AppError(Kind.INTERNAL, "internal error") from error
