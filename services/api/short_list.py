"""Pages of lists that are short enough to be looked through when somebody asks: what people make by hand. Pure.

The long ones are asked of a catalog; pages of both are cut in the same way.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic

from google.protobuf.message import Message

from services.api.listing import Cut, Order, Part, Value, cut, span
from services.api.repository import M, Stored, Wanted
from services.api.row import NAME_LENGTH


@dataclass(frozen=True)
class ShortList(Generic[M]):
    """`time_us` is what its records are from; `orders` are further times by which it may be sorted, and `name_of` says
    their names, if they have any.
    """

    time_us: Callable[[M], int]
    orders: Mapping[str, Callable[[M], int]]
    name_of: Callable[[M], str] | None = None

    def page(
        self, request: Message, of: Iterable[Stored[M]], wanted: Wanted[M] = lambda _record: True
    ) -> Part[Stored[M]]:
        """Those wanted of a request with `order_by`, `after`, `before`, a page, and perhaps a part of the `name`."""
        order, fits = Order.of(getattr(request, "order_by")), self._fits(request)  # noqa: B009  of whichever request
        value = self._value(order.field)
        held = [Stored(each.key, each.record, each.revision) for each in of]
        found = [each for each in held if fits(each.record) and wanted(each.record)]
        found.sort(key=lambda each: (value(each), each.key))
        return cut(found, order, value, Cut.of(request))

    def _fits(self, request: Message) -> Wanted[M]:
        part, name_of, time_us = str(getattr(request, "name", "")).casefold(), self.name_of, self.time_us
        since, until = span(request)

        def fits(record: M) -> bool:
            is_called = not part or name_of is None or part in name_of(record).casefold()
            return is_called and since <= time_us(record) < until

        return fits

    def _value(self, field: str) -> Callable[[Stored[M]], Value]:
        name_of, time_us = self.name_of, self.orders.get(field, self.time_us)
        if field == "name" and name_of is not None:
            return lambda each: name_of(each.record).casefold()[:NAME_LENGTH]
        return lambda each: time_us(each.record)
