"""Keys in order of their records' age, newest first, as a whole and by group. Pure."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

Place = tuple[int, str]
"""Minus the time in microseconds, then the key: sorts newest first, and never the same for two keys."""


class _Places:
    """Of one group. Sorted when somebody first looks: what is read in at the start is sorted once, and not with each
    record.
    """

    __slots__ = ("_is_sorted", "_items", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._items: list[Place] = []
        self._is_sorted = False

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


class NewestFirst:
    """An index; a key has one place at a time, in the whole and in each of its groups."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[Place, tuple[_Places, ...]]] = {}
        self._all: _Places | None = None
        self._groups: dict[str, _Places] = {}

    def put(self, key: str, time_us: int, *groups: str) -> None:
        """Add a key, or move it. "" is no group."""
        place = (-time_us, key)
        known = self._places.get(key)
        if known is not None:
            if known[0] == place and [each.name for each in known[1]] == [name for name in groups if name]:
                return
            self.remove(key)
        of = tuple(self._members(groups))
        self._places[key] = (place, of)
        if self._all is not None:
            self._all.add(place)
        for members in of:
            members.add(place)

    def _members(self, groups: Iterable[str]) -> Iterator[_Places]:
        for name in groups:
            if name:
                yield self._groups.get(name) or self._groups.setdefault(name, _Places(name))

    def remove(self, key: str) -> None:
        known = self._places.pop(key, None)
        if known is None:
            return
        place, of = known
        if self._all is not None:
            self._all.remove(place)
        for members in of:
            members.remove(place)
            if not members.sorted():
                del self._groups[members.name]

    def keys(self, group: str | None = None, after: Place | None = None, limit: int | None = None) -> list[str]:
        """Keys of a group (None: all) behind a place, which need not be there any more; at most `limit`."""
        members = self._everything() if group is None else self._groups.get(group)
        if members is None:
            return []
        places = members.sorted()
        start = 0 if after is None else bisect_right(places, after)
        return [key for _, key in places[start : None if limit is None else start + limit]]

    def count(self, group: str | None = None) -> int:
        """How many keys of a group (None: all) there are."""
        if group is None:
            return len(self._places)
        members = self._groups.get(group)
        return 0 if members is None else len(members.sorted())

    def _everything(self) -> _Places:
        """The whole is kept in order from when somebody first asks for it."""
        if self._all is None:
            self._all = _Places("")
            for place, _ in self._places.values():
                self._all.add(place)
        return self._all

    def place(self, key: str) -> Place:
        return self._places[key][0]
