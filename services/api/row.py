"""What lists know of a record, and what they may be asked. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple

ORDERS = ("create_time", "update_time", "name", "duration")
NAME_LENGTH = 64
"""Names are sorted by so many of their characters, so that a page token has an end."""


class Row(NamedTuple):
    """What lists know of a record. Times in Unix microseconds."""

    key: str
    tenant: str
    create_time: int = 0
    app: str = ""
    creator: str = ""
    name: str = ""
    state: int = 0
    """0 to 255."""
    update_time: int = 0
    duration: int = 0
    is_deleted: bool = False
    size: int = 0
    """Bytes."""


class Columns(NamedTuple):
    """Rows by column: the fields of `Row` and in its order, each with as many values as there are rows."""

    keys: Sequence[str]
    tenants: Sequence[str]
    create_times: Sequence[int]
    apps: Sequence[str]
    creators: Sequence[str]
    names: Sequence[str]
    states: Sequence[int]
    update_times: Sequence[int]
    durations: Sequence[int]
    are_deleted: Sequence[bool]
    sizes: Sequence[int]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "Columns":
        """Of one row at least."""
        return cls(*zip(*rows, strict=True))

    def rows(self) -> list[Row]:
        return list(map(Row._make, zip(*self, strict=True)))

    def of_tenant(self, tenant: str) -> "Columns":
        """Those of its rows alone."""
        is_its = [each == tenant for each in self.tenants]
        return Columns(*(list(compress(column, is_its)) for column in self))  # type: ignore[arg-type]  # each as before


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
    """The name is all of it, letter for letter."""
