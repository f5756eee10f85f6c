"""Watching a bucket: the keys as they stand, then every change, and after an outage whatever has changed meanwhile."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self

from services.common.bus.connection import Bus
from services.common.bus.entry import Entry
from services.common.bus.feed import Feed, Item, Opened

_DELETIONS = frozenset({"DEL", "PURGE"})
_OPERATION = b"KV-Operation"
_AT_ONCE = 200


@dataclass(slots=True)
class Change:
    """A key has a new value, or None: it is gone. `revision` and `time_us` are the change's; 0: it went unseen.

    Not to be changed; a frozen one would take a microsecond longer to make, and there are many at a start.
    """

    key: str
    value: bytes | None
    revision: int
    time_us: int = field(default=0, compare=False)


class Values(NamedTuple):
    """Changes by column: keys that have a new value."""

    keys: Sequence[str]
    values: Sequence[bytes]
    revisions: Sequence[int]
    times_us: Sequence[int]


class Watch:
    """`async for change in watch`: a Change, or once None: the keys as they stood at the start have all been given.

    After every break it lists again and gives what differs from what it gave before, keys that vanished included; so
    each key's last value arrives, intermediate ones may not. It never ends by itself: close it, or use `async with`.
    """

    def __init__(self, bus: Bus, stream: str, subject_prefix: str, pattern: str) -> None:
        self._feed = Feed(bus, stream, [subject_prefix + pattern], _last_of_each)
        self._prefix_len = len(subject_prefix)
        self._known = Known()
        self._is_complete = False
        self._ready: deque[Change | None] = deque()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change | None:
        if not self._ready:
            batch = await self.batch()
            if not batch:
                raise StopAsyncIteration
            self._ready.extend(map(Change, *batch) if isinstance(batch, Values) else batch)
        return self._ready.popleft()

    async def batch(self) -> Values | list[Change | None]:
        """The next ones together, some hundreds at most, as soon as there is one; none after `aclose`."""
        while not self._ready:
            item = await self._feed.next()
            if item is None:
                return []
            items = [item, *self._feed.heard(_AT_ONCE)]
            values = self._take_values(items)
            if values is not None:
                return values
            for each in items:
                self._hear(each)
        found, self._ready = list(self._ready), deque()
        return found

    def _hear(self, item: Item) -> None:
        if isinstance(item, Entry):
            self._take(item)
        elif isinstance(item, Opened):
            self._known.begin()
        else:
            self._finish_list()

    def _take_values(self, items: Sequence[Item]) -> Values | None:
        """By a short way what at a start is nearly all: values. None, and nothing is taken, if it is anything else."""
        if {*map(type, items)} != {Entry}:
            return None
        subjects, sequences, times_us, payloads, headers = zip(*items, strict=True)
        if _OPERATION in b"".join(headers):
            return None
        keys = [subject[self._prefix_len :] for subject in subjects]
        return Values(keys, payloads, sequences, times_us) if self._known.note_many(keys, sequences) else None

    def _take(self, entry: Entry) -> None:
        key = entry.subject[self._prefix_len :]
        value = None if entry.raw_headers and is_deletion(entry) else entry.payload
        if self._known.note(key, entry.sequence, is_there=value is not None):
            self._ready.append(Change(key, value, entry.sequence, entry.time_us))

    def _finish_list(self) -> None:
        self._ready.extend(Change(key, None, 0) for key in self._known.finish())
        if not self._is_complete:
            self._is_complete = True
            self._ready.append(None)

    async def aclose(self) -> None:
        await self._feed.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Known:
    """Which keys a watcher was told of, and at which revision. Pure.

    `begin` and `finish` frame a new list: a key that is not in it has gone without a message (its age, or a bucket that
    was lost with its server).
    """

    def __init__(self) -> None:
        self._revisions: dict[str, int] = {}
        self._unlisted: set[str] = set()

    def begin(self) -> None:
        self._unlisted = set(self._revisions)

    def note(self, key: str, revision: int, *, is_there: bool) -> bool:
        """True if this is news."""
        if self._unlisted:
            self._unlisted.discard(key)
        known = self._revisions.get(key)
        if not is_there:
            self._revisions.pop(key, None)
            return known is not None
        self._revisions[key] = revision
        return known != revision

    def note_many(self, keys: Sequence[str], revisions: Sequence[int]) -> bool:
        """As `note` of keys that are there, if all are news whatever was known; else False, and nothing is noted."""
        if self._unlisted:
            return False
        self._revisions.update(zip(keys, revisions, strict=True))
        return True

    def finish(self) -> list[str]:
        """The keys that have gone, forgotten with this."""
        gone = sorted(self._unlisted)
        self._unlisted = set()
        for key in gone:
            del self._revisions[key]
        return gone


def is_deletion(entry: Entry) -> bool:
    """True for the marker a deleted key leaves behind."""
    return bool(entry.raw_headers) and entry.headers.get("KV-Operation") in _DELETIONS


def _last_of_each(_last: int | None) -> dict[str, Any]:
    return {"deliver_policy": "last_per_subject"}
