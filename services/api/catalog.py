"""Lists of many records, kept sorted: what is asked for is found without reading the records themselves. Pure.

A record is a row here: the few values by which lists are filtered and sorted. An order is sorted when it is first asked
for and kept up from then on, so that a change costs a moment and a page little more than its own rows.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Generic

from services.api.repository import M
from services.api.row import ORDERS, Columns, Query
from services.api.shelf import Rows, Shelf

LARGE = 10_000
"""Of a tenant's records; sorting fewer takes a moment."""


class Catalog(Generic[M]):
    """Follows a repository's records; `columns_of` makes their rows, and lists are asked for in these `orders`."""

    def __init__(
        self, columns_of: Callable[[Sequence[str], Sequence[M]], Columns], orders: Sequence[str] = ORDERS
    ) -> None:
        self._columns_of = columns_of
        self._orders = orders
        self._shelves: dict[str, Shelf] = {}

    def note(self, key: str, record: M | None) -> None:
        """A record has changed; None: it is gone."""
        row = self._columns_of([key], [record]).rows()[0] if record is not None else None
        if row is None or key not in self._shelf(row.tenant):
            # There are few shelves, and to know of each key on which one it is would take much room.
            for shelf in self._shelves.values():
                shelf.remove(key)
        if row is not None:
            self._shelf(row.tenant).put(row)

    def note_new(self, keys: Sequence[str], records: Sequence[M]) -> None:
        """Records that were not there."""
        rows = self._columns_of(keys, records)
        tenants = set(rows.tenants)
        for tenant in tenants:
            self._shelf(tenant).put_new(rows if len(tenants) == 1 else rows.of_tenant(tenant))

    def _shelf(self, tenant: str) -> Shelf:
        return self._shelves.get(tenant) or self._shelves.setdefault(tenant, Shelf())

    def unsorted(self, orders: int | None, *, has_deleted: bool) -> list[Callable[[], object]]:
        """What sorts the first so many orders of each large shelf (None: all), so that nobody waits for it later."""
        large = [shelf for shelf in self._shelves.values() if len(shelf) >= LARGE]
        names = self._orders[:orders]
        return [partial(shelf.order, name, has_deleted=has_deleted) for shelf in large for name in names]

    def size(self, tenant: str) -> int:
        """Of all its rows together, in bytes."""
        return self._shelves[tenant].size if tenant in self._shelves else 0

    def pick(self, query: Query, keys: Iterable[str], order: str) -> Rows:
        """Of these keys alone, in ascending order."""
        return self._shelves.get(query.tenant, Shelf()).pick(query, keys, order)

    def find(self, query: Query, order: str) -> Rows:
        """The rows in ascending order of a field of `Row`."""
        return self._shelves.get(query.tenant, Shelf()).find(query, order)
