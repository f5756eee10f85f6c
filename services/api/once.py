"""Orders that may be sent again because their answer never came.

An order with an `Idempotency-Key` has a seed that is the same each time. Ids of what it makes, and of the changes that
it writes down, follow from the seed: so whoever carries it out again finds what was done before and finishes it, also
where the process that began it was killed and nobody remembers its answer. Without a key all ids are random.
"""

import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeAlias

from headwater.internal.v1.records_pb2 import HistoryRecord
from services.api.repository import M, Stored
from services.common.ids import ID_LENGTH, new_id

Find: TypeAlias = Callable[[str], Awaitable[Stored[M] | None]]

KEPT_S = 24 * 3600
"""So long the same key means the same order; later it is another one."""


@dataclass
class _Order:
    seed: bytes
    drawn: Counter[str] = field(default_factory=Counter)


_order: ContextVar[_Order | None] = ContextVar("order", default=None)


@contextmanager
def ordering(seed: bytes) -> Iterator[None]:
    """What runs inside carries out the order of this seed, from its beginning."""
    reset = _order.set(_Order(seed))
    try:
        yield
    finally:
        _order.reset(reset)


def id_of(purpose: str) -> str:
    """The id for something that the present order makes; the second one for the same purpose is another.

    Nobody who does not know the installation's key can tell it beforehand.
    """
    order = _order.get()
    if order is None:
        return new_id()
    order.drawn[purpose] += 1
    name = f"{purpose}/{order.drawn[purpose]}"
    return hmac.digest(order.seed, name.encode(), "sha256").hex()[:ID_LENGTH]


def rewinding() -> Callable[[], None]:
    """Called, it lets the present order draw the ids again that it draws from now on."""
    order = _order.get()
    drawn = Counter(order.drawn) if order is not None else Counter()

    def rewind() -> None:
        if order is not None:
            order.drawn = Counter(drawn)

    return rewind


def is_recent(time_us: int, now_us: int) -> bool:
    """Whether what was made then can be the same order's."""
    return time_us > now_us - KEPT_S * 1_000_000


def is_noted(changes: Iterable[HistoryRecord], fact_id: str, now_us: int) -> bool:
    """Whether a change with this id was written down, so that its order was carried out before."""
    return any(each.fact_id == fact_id and is_recent(each.time_us, now_us) for each in changes)


async def made_before(kind: str, find: Find[M], now_us: int) -> tuple[str, Stored[M] | None]:
    """The id for something new; and what the present order has made under it before, if it has. AppError(UNAVAILABLE).

    What is kept under an id has a `create_time_us`.
    """
    drawn = id_of(kind)
    known = await find(drawn) if _order.get() is not None else None
    if known is None:
        return drawn, None
    is_its = is_recent(getattr(known.record, "create_time_us", 0), now_us)
    return (drawn, known) if is_its else (new_id(), None)
