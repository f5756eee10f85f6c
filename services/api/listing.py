"""Pages of a list: cut by page token or page number. Pure."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.api.paging import page_size
from services.common.errors import AppError, Kind

DEFAULT_ORDER = "create_time desc"

Value = int | str


class Keyed(Protocol):
    """Whatever stands in a list."""

    @property
    def key(self) -> str: ...


E = TypeVar("E", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Cut:
    """Which page is asked for. `number` is 1 and up, and goes before `token`; 0: none is named."""

    size: int
    token: str = ""
    number: int = 0
    of_list: str = ""
    """Names the list: a token goes on in the one that it was given for, and in no other."""

    @classmethod
    def of(cls, request: Message) -> "Cut":
        """Of a request with `page_size`, `page_token` and `page`."""
        size, token = getattr(request, "page_size"), getattr(request, "page_token")  # noqa: B009  of whichever request
        return cls(page_size(size), token, getattr(request, "page", 0), _name_of(request))


_NO_FILTERS = ("page_size", "page_token", "page", "order_by", "sum_up")
"""What of a request does not say which things are in the list."""


def _name_of(request: Message) -> str:
    wanted = type(request)()
    wanted.CopyFrom(request)
    for name in _NO_FILTERS:
        if name in wanted.DESCRIPTOR.fields_by_name:
            wanted.ClearField(name)
    told = f"{wanted.DESCRIPTOR.full_name} ".encode() + wanted.SerializeToString(deterministic=True)
    return hashlib.blake2b(told, digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by: "name desc" and the like."""

    field: str
    is_descending: bool

    @classmethod
    def of(cls, order_by: str) -> "Order":
        """Empty: newest first."""
        name, _, direction = (order_by or DEFAULT_ORDER).partition(" ")
        return cls(name, direction == "desc")


@dataclass(frozen=True, slots=True)
class Part(Generic[E]):
    """A page; `after` is where the next one begins, empty at the end."""

    items: Sequence[E]
    after: str
    total: int


def cut(ascending: Sequence[E], order: Order, value: Callable[[E], Value], asked: Cut) -> Part[E]:
    """The page of a list that is sorted by (value, key), ascending whatever the order is.

    AppError(INVALID) for a token of another list.
    """
    total = len(ascending)
    start = (asked.number - 1) * asked.size if asked.number else _start(ascending, order, value, asked)
    stop = min(start + asked.size, total)
    if order.is_descending:
        found = ascending[max(total - stop, 0) : max(total - start, 0)][::-1]
    else:
        found = ascending[start:stop]
    more = _encode(order, asked, value(found[-1]), found[-1].key) if stop < total and found else ""
    return Part(found, more, total)


def _start(ascending: Sequence[E], order: Order, value: Callable[[E], Value], asked: Cut) -> int:
    """How many come before what the token names, which need not be there any more."""
    if not asked.token:
        return 0
    place = _decode(order, asked)
    low, high = 0, len(ascending)
    while low < high:
        middle = (low + high) // 2
        each = (value(ascending[middle]), ascending[middle].key)
        if each < place or (each == place and not order.is_descending):
            low = middle + 1
        else:
            high = middle
    return len(ascending) - low if order.is_descending else low


def _encode(order: Order, asked: Cut, value: Value, key: str) -> str:
    told = [asked.of_list, order.field, order.is_descending, value, key]
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _decode(order: Order, asked: Cut) -> tuple[Value, str]:
    try:
        padded = asked.token + "=" * (-len(asked.token) % 4)
        *where, value, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        is_right = where == [asked.of_list, order.field, order.is_descending] and isinstance(key, str)
        if is_right and isinstance(value, str if order.field == "name" else int):
            return value, key
    except (ValueError, TypeError, binascii.Error, RecursionError):
        pass
    raise AppError(Kind.INVALID, "is no page token of this list", field="pageToken")


NEVER = 1 << 62
"""Later than any time."""


def span(request: Message) -> tuple[int, int]:
    """From when, and until before when (microseconds), of a request with `after` and `before`."""
    return microseconds(request, "after"), microseconds(request, "before") or NEVER


def microseconds(request: Message, field: str) -> int:
    """A time of a request; 0 where it is not given."""
    stamp = getattr(request, field)
    return stamp.ToMicroseconds() if request.HasField(field) and isinstance(stamp, Timestamp) else 0
