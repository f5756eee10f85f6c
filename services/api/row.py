"""What lists know of a record, and what they may be asked. Pure."""

from dataclasses import dataclass
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
