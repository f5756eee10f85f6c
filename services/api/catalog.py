"""Lists of many records, kept sorted: what is asked for is found without reading the records themselves. Pure.

A record is a row here: the few values by which lists are filtered and sorted. An order is sorted when it is first asked
for and kept up from then on, so that a change costs a moment and a page little more than its own rows.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, NamedTuple

from services.api.listing import Value
from services.api.repository import M

LARGE = 10_000
"""Of a tenant's records; sorting fewer takes a moment."""


class Row(NamedTuple):
    """What lists know of a record. Times in Unix microseconds."""

    key: str
    tenant: str
    create_time: int = 0
    app: str = ""
    creator: str = ""
    name: str = ""
    """Folded to one case."""
    state: int = 0
    update_time: int = 0
    duration: int = 0
    is_deleted: bool = False
    size: int = 0
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows of a tenant; what is empty asks for nothing."""

    tenant: str
    app: str = ""
    creator: str = ""
    name: str = ""
    """A part of it, in any case."""
    states: frozenset[int] = frozenset()
    after_us: int = 0
    before_us: int = 0
    shows_deleted: bool = False
    whole_name: bool = False
    """The name is all of it."""


_VALUES: dict[str, Callable[[Row], tuple[Value, str]]] = {
    "create_time": lambda row: (row[2], row[0]),
    "update_time": lambda row: (row[7], row[0]),
    "duration": lambda row: (row[8], row[0]),
    "name": lambda row: (row[5][:64], row[0]),
}


@dataclass
class Shelf:
    """One tenant's rows, in those orders that somebody has asked for; each ascending."""

    rows: dict[str, Row] = field(default_factory=dict)
    orders: dict[str, list[Row]] = field(default_factory=dict)
    deleted: int = 0
    size: int = 0
    """Of all rows together, deleted ones too."""

    def put(self, row: Row) -> None:
        self.remove(row.key)
        self.rows[row.key] = row
        self.deleted += row.is_deleted
        self.size += row.size
        for name, order in self.orders.items():
            order.insert(_place(order, name, row), row)

    def remove(self, key: str) -> None:
        row = self.rows.pop(key, None)
        if row is None:
            return
        self.deleted -= row.is_deleted
        self.size -= row.size
        for name, order in self.orders.items():
            del order[_place(order, name, row)]

    def find(self, query: Query, order: str) -> Sequence[Row]:
        """The rows in ascending order of a field of `Row`."""
        rows = _within(self.order(order), query, order)
        # One after the other over what is left: each is a loop that does one thing.
        if self.deleted and not query.shows_deleted:
            rows = [row for row in rows if not row[9]]
        if query.app:
            rows = [row for row in rows if row[3] == query.app]
        if query.creator:
            rows = [row for row in rows if row[4] == query.creator]
        if query.states:
            rows = [row for row in rows if row[6] in query.states]
        part = query.name.casefold()
        if query.whole_name and part:
            rows = [row for row in rows if row[5] == part]
        elif part:
            rows = [row for row in rows if part in row[5]]
        return rows

    def order(self, name: str) -> list[Row]:
        if name not in self.orders:
            self.orders[name] = sorted(self.rows.values(), key=_VALUES[name])
        return self.orders[name]


def _place(order: list[Row], name: str, row: Row) -> int:
    return bisect_left(order, _VALUES[name](row), key=_VALUES[name])


class Catalog(Generic[M]):
    """Follows a repository's records; `row_of` makes the row of one, and lists are asked for in these `orders`."""

    def __init__(self, row_of: Callable[[str, M], Row], orders: Sequence[str] = tuple(_VALUES)) -> None:
        self._row_of = row_of
        self._orders = orders
        self._shelves: dict[str, Shelf] = {}
        self._tenants: dict[str, str] = {}

    def note(self, key: str, record: M | None) -> None:
        """A record has changed; None: it is gone."""
        known = self._tenants.pop(key, None)
        row = self._row_of(key, record) if record is not None else None
        if known is not None and (row is None or row.tenant != known):
            self._shelves[known].remove(key)
        if row is not None:
            self._tenants[key] = row.tenant
            self._shelves.setdefault(row.tenant, Shelf()).put(row)

    def unsorted(self) -> list[Callable[[], object]]:
        """What sorts each order of each large shelf, so that nobody has to wait for it later."""
        large = [shelf for shelf in self._shelves.values() if len(shelf.rows) >= LARGE]
        return [partial(shelf.order, name) for shelf in large for name in self._orders]

    def size(self, tenant: str) -> int:
        """Of all its rows together, in bytes."""
        return self._shelves[tenant].size if tenant in self._shelves else 0

    def pick(self, query: Query, keys: Iterable[str], order: str) -> Sequence[Row]:
        """Of these keys alone, in ascending order."""
        shelf = self._shelves.get(query.tenant, Shelf())
        picked = [shelf.rows[key] for key in frozenset(keys) if key in shelf.rows]
        return Shelf(orders={order: sorted(picked, key=_VALUES[order])}, deleted=shelf.deleted).find(query, order)

    def find(self, query: Query, order: str) -> Sequence[Row]:
        """The rows in ascending order of a field of `Row`."""
        return self._shelves.get(query.tenant, Shelf()).find(query, order)


def shelf_of(rows: Iterable[Row]) -> Shelf:
    """A few rows of one tenant, for a list that is made anew at each look."""
    made = Shelf()
    for row in rows:
        made.put(row)
    return made


def _within(rows: list[Row], query: Query, order: str) -> list[Row]:
    since, until = query.after_us, query.before_us or 1 << 62
    if not query.after_us and not query.before_us:
        return rows
    if order == "create_time":
        return rows[bisect_left(rows, since, key=_created) : bisect_left(rows, until, key=_created)]
    return [row for row in rows if since <= row[2] < until]


def _created(row: Row) -> int:
    return row[2]
