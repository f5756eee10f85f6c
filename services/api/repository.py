"""What the domain needs of a store of records; a SQL store could stand in for the key-value one."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


class Stored(Generic[M]):
    """A record as it stands; `revision` is what compare-and-set asks for. Not to be changed in place.

    A read model keeps records as they were written, a tenth of their size when read: `record` reads it anew each time.
    Whoever looks at it twice holds on to it.
    """

    __slots__ = ("_kept", "_message", "key", "revision")

    def __init__(self, key: str, record: M | bytes, revision: int, message: type[M] | None = None) -> None:
        """Of the bytes of a `message`, or of a message itself."""
        self.key = key
        self.revision = revision
        self._kept = record
        self._message = message

    @property
    def record(self) -> M:
        if isinstance(self._kept, bytes):
            assert self._message is not None  # noqa: S101  who gives bytes names it
            return self._message.FromString(self._kept)
        return self._kept

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Stored):
            return NotImplemented
        return (self.key, self.revision) == (other.key, other.revision) and bool(self.record == other.record)

    __hash__ = None  # type: ignore[assignment]  # a message has none

    def __repr__(self) -> str:
        return f"Stored({self.key!r}, {self.record!r}, {self.revision})"


Edit = Callable[[M | None], M | None]
"""Given a copy of the record (None: there is none), the record as it should be; None leaves things as they are."""

Wanted = Callable[[M], bool]

Listener = Callable[[str, M | None], None]
"""Told of each record that has changed, whoever changed it; None: it is gone."""

NewListener = Callable[[Sequence[str], Sequence[M]], None]
"""Told of several records at once, by their keys, of none of which it has heard before."""


class Repository(Protocol[M]):
    """Records of one kind. Writes raise AppError: UNAVAILABLE (it may be written or not), CONFLICT."""

    def peek(self, key: str) -> Stored[M] | None:
        """The record in the read model, which may be a moment behind."""
        ...

    def listen(self, listener: Listener[M], many: NewListener[M] | None = None) -> None:
        """Tell of all records that are known, and from then on of each that changes.

        With `many`, what comes many at a time and is new, as all is at the start, is told so instead.
        """
        ...

    async def get(self, key: str) -> Stored[M] | None:
        """The record; one that the read model has not seen is looked up."""
        ...

    async def look_up(self, key: str) -> Stored[M] | None:
        """The record as it is kept, past the read model."""
        ...

    async def create(self, key: str, record: M) -> Stored[M]:
        """Write a record that is not there."""
        ...

    async def update(self, key: str, record: M, revision: int) -> Stored[M]:
        """Write over the given revision and no other; who was too late reads from then on what is there instead."""
        ...

    async def change(self, key: str, edit: Edit[M]) -> Stored[M] | None:
        """Read, edit and write until nobody comes between; what then stands."""
        ...

    async def delete(self, key: str, revision: int | None = None) -> None:
        """Remove it; with `revision`, only that one."""
        ...

    def items(self, group: str | None = None, *, limit: int | None = None) -> list[Stored[M]]:
        """All records, or those of one group, newest first if they have a time; at most `limit`."""
        ...

    def each(self) -> list[Stored[M]]:
        """All records in no order."""
        ...

    def keys(self, group: str) -> list[str]:
        """Of one group, newest first."""
        ...

    def count(self, group: str | None = None) -> int:
        """How many there are, or are of one group."""
        ...
