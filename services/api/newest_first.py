"""Keys in order of their records' age, newest first, as a whole and by group. Pure."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial

Place = tuple[int, str]
"""Minus the time in microseconds, then the key: sorts newest first, and never the same for two keys."""


class _Places:
    """Of one group. Sorted when somebody first looks: what is read in at the start is sorted once, and not with each
    record.
    """

    __slots__ = ("_is_sorted", "_items", "add")

    def __init__(self) -> None:
        self._items: list[Place] = []
        self._is_sorted = False
        self.add: Callable[[Place], None] = self._items.append

    def remove(self, place: Place) -> None:
        del self.sorted()[bisect_left(self._items, place)]

    def sorted(self) -> list[Place]:
        if not self._is_sorted:
            self._items.sort()
            self._is_sorted = True
            self.add = partial(insort, self._items)
        return self._items


class NewestFirst:
    """An index of places; who keeps it knows where each key is, and in which groups. "" is no group."""

    def __init__(self) -> None:
        self._all: _Places | None = None
        self._groups = defaultdict[str, _Places](_Places)

    def add(self, place: Place, groups: Iterable[str]) -> None:
        self.add_to_whole((place,))
        for name in groups:
            self.add_many((place,), (name,))

    def add_many(self, places: Sequence[Place], names: Iterable[str]) -> None:
        """Add each to the group beside it, which is not yet there in any; to the whole by `add_to_whole`."""
        groups = self._groups
        for place, name in zip(places, names, strict=True):
            if name:
                groups[name].add(place)

    def add_to_whole(self, places: Iterable[Place]) -> None:
        """The whole has these, too."""
        if self._all is not None:
            for place in places:
                self._all.add(place)

    def remove(self, place: Place, groups: Iterable[str]) -> None:
        """One that was added to just these groups."""
        if self._all is not None:
            self._all.remove(place)
        for name in groups:
            if name:
                members = self._groups[name]
                members.remove(place)
                if not members.sorted():
                    del self._groups[name]

    def keys(self, group: str, limit: int | None = None) -> list[str]:
        """Keys of a group; at most `limit`."""
        return _keys(self._groups.get(group), limit)

    def all_keys(self, places: Callable[[], Iterable[Place]], limit: int | None = None) -> list[str]:
        """The same of the whole, which is kept in order from when somebody first asks; `places` are all there are."""
        if self._all is None:
            self._all = _Places()
            for place in places():
                self._all.add(place)
        return _keys(self._all, limit)

    def count(self, group: str) -> int:
        """How many keys of a group there are."""
        members = self._groups.get(group)
        return 0 if members is None else len(members.sorted())


def _keys(members: _Places | None, limit: int | None) -> list[str]:
    return [] if members is None else [key for _, key in members.sorted()[:limit]]
