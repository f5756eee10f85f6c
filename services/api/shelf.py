"""One tenant's records of a kind as columns, kept sorted: lists are filtered a column at a time. Pure.

A record is a number here, its slot, and each column has its value at that place. A column lies in memory as it is
looked through, so that a test of 200,000 takes milliseconds where following as many objects took a hundred.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, count
from operator import eq, not_
from typing import Any, overload

from services.api.columns import Labels, Sifted, joined, where
from services.api.row import NAME_LENGTH, Columns, Query, Row

_FEW = 16
"""If one in so many fits, to sort those is quicker than to look through all in order."""
_NEVER = 1 << 62
_TIMES = ("create_time", "update_time", "duration")


class Rows(Sequence[Row]):
    """A list in order, of which rows are made as they are looked at."""

    def __init__(self, shelf: "Shelf", slots: "array[int] | Sequence[int]") -> None:
        self._shelf = shelf
        self._slots = slots

    def __len__(self) -> int:
        return len(self._slots)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self._shelf.row(slot) for slot in self._slots[place]]
        return self._shelf.row(self._slots[place])

    def keys(self) -> Iterator[str]:
        """In order."""
        return map(self._shelf.key, self._slots)

    def where(self, is_wanted: Callable[[str], bool]) -> "Rows":
        """Those whose keys pass."""
        key = self._shelf.key
        return Rows(self._shelf, [slot for slot in self._slots if is_wanted(key(slot))])

    def duration(self) -> int:
        """Of all together, in microseconds."""
        return self._shelf.duration(self._slots)


class Shelf:
    """The rows, in those orders that somebody has asked for; each ascending."""

    def __init__(self) -> None:
        self.size = 0
        """Of all rows together, deleted ones too. Bytes."""
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._tenant = ""
        self._keys: list[str] = []
        self._names: list[str] = []
        self._folded: list[str] = []
        self._times = {name: array("q") for name in _TIMES}
        self._sizes = array("q")
        self._apps, self._creators = Labels(), Labels()
        self._states = bytearray()
        self._there, self._present = bytearray(), bytearray()
        self._orders: dict[tuple[str, bool], array[int]] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: str) -> bool:
        return key in self._slots

    def put(self, row: Row) -> None:
        """Add a row, or write over it."""
        self.remove(row.key)
        if not self._free:
            self.put_new(Columns.of([row]))
            return
        slot = self._free.pop()
        self._write(slot, row)
        self.size += row.size
        self._slots[row.key] = slot
        self._insert(slot)

    def put_new(self, rows: Columns) -> None:
        """Add rows, each with a key that is not there: many at once take a third of the time that one by one do."""
        first = len(self._keys)
        self._tenant = rows.tenants[0]
        self._extend(rows)
        self._slots.update(zip(rows.keys, count(first)))
        if self._orders:
            for slot in range(first, len(self._keys)):
                self._insert(slot)

    def _insert(self, slot: int) -> None:
        for (name, has_deleted), order in self._orders.items():
            if has_deleted or self._present[slot]:
                order.insert(self._place(name, order, slot), slot)

    def remove(self, key: str) -> None:
        slot = self._slots.pop(key, None)
        if slot is None:
            return
        for (name, has_deleted), order in self._orders.items():
            if has_deleted or self._present[slot]:
                del order[self._place(name, order, slot)]
        self.size -= self._sizes[slot]
        self._keys[slot] = self._names[slot] = self._folded[slot] = ""
        self._there[slot] = self._present[slot] = 0
        self._free.append(slot)

    def _extend(self, rows: Columns) -> None:
        self._keys += rows.keys
        self._names += rows.names
        self._folded += map(str.casefold, rows.names)
        self._times["create_time"].extend(rows.create_times)
        self._times["update_time"].extend(rows.update_times)
        self._times["duration"].extend(rows.durations)
        self._sizes.extend(rows.sizes)
        self._apps.extend(rows.apps)
        self._creators.extend(rows.creators)
        self._states += bytes(rows.states)
        self._there += bytes([1]) * len(rows.keys)
        self._present += bytes(map(not_, rows.are_deleted))
        self.size += sum(rows.sizes)

    def _write(self, slot: int, row: Row) -> None:
        self._keys[slot], self._names[slot], self._folded[slot] = row.key, row.name, row.name.casefold()
        for name in _TIMES:
            self._times[name][slot] = getattr(row, name)
        self._sizes[slot], self._states[slot] = row.size, row.state
        self._there[slot], self._present[slot] = True, not row.is_deleted
        self._apps[slot], self._creators[slot] = row.app, row.creator

    def row(self, slot: int) -> Row:
        """Made anew."""
        created, updated, duration = (self._times[name][slot] for name in _TIMES)
        return Row(
            key=self._keys[slot],
            tenant=self._tenant,
            create_time=created,
            app=self._apps[slot],
            creator=self._creators[slot],
            name=self._names[slot],
            state=self._states[slot],
            update_time=updated,
            duration=duration,
            is_deleted=not self._present[slot],
            size=self._sizes[slot],
        )

    def key(self, slot: int) -> str:
        return self._keys[slot]

    def duration(self, slots: Iterable[int]) -> int:
        return sum(map(self._times["duration"].__getitem__, slots))

    def order(self, name: str, *, has_deleted: bool) -> "array[int]":
        """Slots, ascending by a field of `Row`; sorted when it is first asked for, and kept up from then on."""
        known = self._orders.get((name, has_deleted))
        if known is None:
            known = self._orders[name, has_deleted] = array("I", self._sort(self._those(has_deleted=has_deleted), name))
        return known

    def _those(self, *, has_deleted: bool) -> list[int]:
        return list(compress(range(len(self._keys)), self._there if has_deleted else self._present))

    def _value(self, name: str) -> Callable[[int], tuple[Any, str]]:
        keys = self._keys
        if name == "name":
            folded = self._folded
            return lambda slot: (folded[slot][:NAME_LENGTH], keys[slot])
        column = self._times[name]
        return lambda slot: (column[slot], keys[slot])

    def _place(self, name: str, order: "array[int]", slot: int) -> int:
        value = self._value(name)
        return bisect_left(order, value(slot), key=value)

    def find(self, query: Query, order: str) -> Rows:
        """Those that fit, in ascending order of a field of `Row`."""
        slots = self.order(order, has_deleted=query.shows_deleted)
        is_cut = order == "create_time" and bool(query.after_us or query.before_us)
        if is_cut and not (query.app or query.creator or query.states or query.name):
            return Rows(self, slots[slice(*self._between(slots, query))])
        filters = self._filters(query)
        if not filters:
            return Rows(self, slots)
        mask = joined([self._there if query.shows_deleted else self._present, *filters])
        if mask.count(1) * _FEW > len(mask):
            return Rows(self, Sifted(slots, mask))
        return Rows(self, self._sort(list(compress(range(len(mask)), mask)), order))

    def pick(self, query: Query, keys: Iterable[str], order: str) -> Rows:
        """Of these keys alone, in ascending order."""
        slots = [self._slots[key] for key in frozenset(keys) if key in self._slots]
        for test in self._tests(query):
            slots = list(filter(test, slots))
        return Rows(self, self._sort(slots, order))

    def _sort(self, slots: list[int], order: str) -> list[int]:
        """By value, and only what has the same by key: keys lie anywhere in memory, and take longest to compare."""
        folded = self._folded
        by: Callable[[int], Any] = lambda slot: folded[slot][:NAME_LENGTH]  # noqa: E731  one of two
        if order != "name":
            by = self._times[order].__getitem__
        slots.sort(key=by)
        values = list(map(by, slots))
        ends = 0
        for place in compress(count(), map(eq, values, values[1:])):
            if place >= ends:  # a run begins
                ends = bisect_right(values, values[place], place)
                slots[place:ends] = sorted(slots[place:ends], key=self._keys.__getitem__)
        return slots

    def _tests(self, query: Query) -> Iterator[Callable[[int], bool]]:
        """What `_filters` asks of all, asked of one slot."""
        created, since, until = self._times["create_time"], query.after_us, query.before_us or _NEVER
        part = query.name.casefold()
        if not query.shows_deleted:
            yield lambda slot: bool(self._present[slot])
        if query.app:
            yield lambda slot: self._apps[slot] == query.app
        if query.creator:
            yield lambda slot: self._creators[slot] == query.creator
        if query.states:
            yield lambda slot: self._states[slot] in query.states
        if query.after_us or query.before_us:
            yield lambda slot: since <= created[slot] < until
        if query.name and query.whole_name:
            yield lambda slot: self._names[slot] == query.name
        elif query.name:
            yield lambda slot: part in self._folded[slot]

    def _between(self, order: "array[int]", query: Query) -> tuple[int, int]:
        """From where to where an order by `create_time` has what was made then."""
        created = self._times["create_time"]
        first = bisect_left(order, query.after_us, key=created.__getitem__)
        last = bisect_left(order, query.before_us, key=created.__getitem__) if query.before_us else len(order)
        return first, max(first, last)

    def _times_mask(self, query: Query) -> bytearray:
        """Written where it is less to write: inside or outside."""
        order = self.order("create_time", has_deleted=True)
        first, last = self._between(order, query)
        is_most = last - first > len(order) // 2
        mask = bytearray([is_most]) * len(self._keys)
        for part in (order[:first], order[last:]) if is_most else (order[first:last],):
            for slot in part:
                mask[slot] = not is_most
        return mask

    def _filters(self, query: Query) -> list[bytes | bytearray]:
        """A mask for each that is asked for."""
        masks: list[bytes | bytearray] = []
        if query.app:
            masks.append(self._apps.mask(query.app))
        if query.creator:
            masks.append(self._creators.mask(query.creator))
        if query.states:
            masks.append(where(self._states, query.states))
        if query.after_us or query.before_us:
            masks.append(self._times_mask(query))
        if query.name:
            masks.append(self._name_mask(query))
        return masks

    def _name_mask(self, query: Query) -> bytes:
        if query.whole_name:
            return bytes([name == query.name for name in self._names])
        part = query.name.casefold()
        return bytes([part in name for name in self._folded])


def shelf_of(rows: Iterable[Row]) -> Shelf:
    """A shelf with these."""
    made = Shelf()
    for row in rows:
        made.put(row)
    return made
