"""Keys in order of their records' age, newest first, as a whole and by group. Pure."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

Place = tuple[int, str]
"""Minus the time in microseconds, then the key: sorts newest first, and never the same for two keys."""


@dataclass
class NewestFirst:
    """An index; a key has one place at a time, in the whole and in each of its groups."""

    _places: dict[str, tuple[tuple[str, ...], Place]] = field(default_factory=dict)
    _all: list[Place] = field(default_factory=list)
    _groups: dict[str, list[Place]] = field(default_factory=dict)

    def put(self, key: str, time_us: int, *groups: str) -> None:
        """Add a key, or move it."""
        place = (-time_us, key)
        if self._places.get(key) == (groups, place):
            return
        self.remove(key)
        self._places[key] = (groups, place)
        insort(self._all, place)
        for group in groups:
            insort(self._groups.setdefault(group, []), place)

    def remove(self, key: str) -> None:
        if key not in self._places:
            return
        groups, place = self._places.pop(key)
        del self._all[bisect_left(self._all, place)]
        for group in groups:
            members = self._groups[group]
            del members[bisect_left(members, place)]
            if not members:
                del self._groups[group]

    def keys(self, group: str | None = None, after: Place | None = None) -> Iterator[str]:
        """Keys of a group (None: all) behind a place, which need not be there any more."""
        places = self._all if group is None else self._groups.get(group, [])
        start = 0 if after is None else bisect_right(places, after)
        return (key for _, key in places[start:])

    def place(self, key: str) -> Place:
        return self._places[key][1]
