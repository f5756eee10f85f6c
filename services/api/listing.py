"""Pages of a list: filtered, sorted, and cut by page token or page number. Pure."""

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.api.paging import page_size
from services.api.repository import M, Page, Stored
from services.common.errors import AppError, Kind

NAME_LENGTH = 64
"""Names are sorted by so many of their characters, so that a page token has an end."""

Value = int | str
SortKey = Callable[[M], Value]

DEFAULT_ORDER = "create_time"


def folded(name: str) -> str:
    """A name as it is sorted: the same in any case."""
    return name.casefold()[:NAME_LENGTH]


@dataclass(frozen=True, slots=True)
class Cut:
    """Which page is asked for. `number` is 1 and up, and goes before `token`; 0: none is named."""

    size: int
    token: str = ""
    number: int = 0

    @classmethod
    def of(cls, request: Message) -> "Cut":
        """Of a request with `page_size`, `page_token` and `page`."""
        size, token = getattr(request, "page_size"), getattr(request, "page_token")  # noqa: B009  of whichever request
        return cls(page_size(size), token, getattr(request, "page", 0))


@dataclass(frozen=True)
class Ordering(Generic[M]):
    """What a list is sorted by: the words of `order_by`, and the value that they name in a record."""

    words: str
    value: SortKey[M]
    is_descending: bool


def ordering(order_by: str, values: dict[str, SortKey[M]]) -> Ordering[M]:
    """Of "name desc" and the like; empty: newest first. `values` has what may be sorted by."""
    field, _, direction = (order_by or f"{DEFAULT_ORDER} desc").partition(" ")
    return Ordering(f"{field} {direction}".strip(), values[field], direction == "desc")


def cut(items: Sequence[Stored[M]], order: Ordering[M], asked: Cut) -> Page[M]:
    """The page of a list that is sorted already. AppError(INVALID) for a token of another list."""
    start = (asked.number - 1) * asked.size if asked.number else _start(items, order, asked.token)
    found = items[start : start + asked.size]
    has_more = start + asked.size < len(items)
    more = _encode(order, found[-1]) if has_more and found else ""
    return Page(tuple(found), more, len(items))


def ordered(items: Sequence[Stored[M]], order: Ordering[M]) -> Sequence[Stored[M]]:
    """Sorted; `items` are newest first."""
    if order.words == f"{DEFAULT_ORDER} desc":
        return items
    return sorted(items, key=lambda each: _place(order, each), reverse=order.is_descending)


def _place(order: Ordering[M], stored: Stored[M]) -> tuple[Value, str]:
    return order.value(stored.record), stored.key


def _start(items: Sequence[Stored[M]], order: Ordering[M], token: str) -> int:
    if not token:
        return 0
    value, key = _decode(order, token)
    if order.words == f"{DEFAULT_ORDER} desc":  # newest first, and of the same age in the order of their keys
        return bisect_right(
            items, (-_number(value), key), key=lambda each: (-_number(order.value(each.record)), each.key)
        )
    if not order.is_descending:
        return bisect_right(items, (value, key), key=lambda each: _place(order, each))
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if _place(order, items[middle]) >= (value, key):
            low = middle + 1
        else:
            high = middle
    return low


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _encode(order: Ordering[M], last: Stored[M]) -> str:
    value, key = _place(order, last)
    text = json.dumps([order.words, value, key], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(order: Ordering[M], token: str) -> tuple[Value, str]:
    try:
        padded = token + "=" * (-len(token) % 4)
        words, value, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if words == order.words and isinstance(value, int | str) and isinstance(key, str):
            return value, key
    except (ValueError, TypeError, binascii.Error, RecursionError):
        pass
    raise AppError(Kind.INVALID, "is no page token of this list", field="pageToken")


def within(after: Timestamp | None, before: Timestamp | None) -> Callable[[int], bool]:
    """Whether a time (Unix microseconds) is then or later, and before; None: any."""
    since = after.ToMicroseconds() if after is not None else 0
    until = before.ToMicroseconds() if before is not None else 1 << 62
    return lambda time_us: since <= time_us < until
