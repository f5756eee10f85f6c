"""Keys in order of their records' age, newest first, as a whole and by group. Pure."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

Place = tuple[int, str]
"""Minus the time in microseconds, then the key: sorts newest first, and never the same for two keys."""


@dataclass
class _Places:
    """Sorted when somebody first looks: what is read in at the start is sorted once, and not with each record."""

    _items: list[Place] = field(default_factory=list)
    _is_sorted: bool = False

    def add(self, place: Place) -> None:
        if self._is_sorted:
            insort(self._items, place)
        else:
            self._items.append(place)

    def remove(self, place: Place) -> None:
        del self.sorted()[bisect_left(self._items, place)]

    def sorted(self) -> list[Place]:
        if not self._is_sorted:
            self._items.sort()
            self._is_sorted = True
        return self._items


@dataclass
class NewestFirst:
    """An index; a key has one place at a time, in the whole and in each of its groups."""

    _places: dict[str, tuple[tuple[str, ...], Place]] = field(default_factory=dict)
    _all: _Places = field(default_factory=_Places)
    _groups: dict[str, _Places] = field(default_factory=dict)

    def put(self, key: str, time_us: int, *groups: str) -> None:
        """Add a key, or move it."""
        place = (-time_us, key)
        if self._places.get(key) == (groups, place):
            return
        self.remove(key)
        self._places[key] = (groups, place)
        self._all.add(place)
        for group in groups:
            self._groups.setdefault(group, _Places()).add(place)

    def remove(self, key: str) -> None:
        if key not in self._places:
            return
        groups, place = self._places.pop(key)
        self._all.remove(place)
        for group in groups:
            members = self._groups[group]
            members.remove(place)
            if not members.sorted():
                del self._groups[group]

    def keys(self, group: str | None = None, after: Place | None = None) -> Iterator[str]:
        """Keys of a group (None: all) behind a place, which need not be there any more."""
        found = self._all if group is None else self._groups.get(group, _Places())
        places = found.sorted()
        start = 0 if after is None else bisect_right(places, after)
        return (key for _, key in places[start:])

    def place(self, key: str) -> Place:
        return self._places[key][1]
