"""Pages of a livestream's history, which is made anew at each look. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from headwater.v1.livestreams_pb2 import HistoryEntry, ListHistoryRequest, ListHistoryResponse
from services.api import listing


@dataclass(frozen=True, slots=True)
class _Noted:
    """An entry with a key of its own, the same at each look."""

    key: str
    time_us: int
    entry: HistoryEntry


def history_page(entries: Iterable[HistoryEntry], request: ListHistoryRequest) -> ListHistoryResponse:
    """What is asked for of it. AppError(INVALID) for a token of another list."""
    order = listing.Order.of(request.order_by or "time desc")
    since, until = listing.span(request)
    of_time = (entry for entry in entries if since <= entry.time.ToMicroseconds() < until)
    found = sorted(_keyed(entry for entry in of_time if _is_wanted(entry, request)), key=_place)
    page = listing.cut(found, order, lambda each: each.time_us, listing.Cut.of(request))
    return ListHistoryResponse(
        entries=[each.entry for each in page.items], next_page_token=page.after, total_count=page.total
    )


def _place(noted: _Noted) -> tuple[int, str]:
    return noted.time_us, noted.key


def _keyed(entries: Iterable[HistoryEntry]) -> Iterable[_Noted]:
    """What is the same in all is told apart by a number."""
    seen = Counter[tuple[int, str]]()
    for entry in entries:
        at, text = entry.time.ToMicroseconds(), f"{entry.broadcast_id} {entry.instance} {entry.state} {entry.reason}"
        seen[at, text] += 1
        yield _Noted(f"{text} {seen[at, text]}", at, entry)


def _is_wanted(entry: HistoryEntry, request: ListHistoryRequest) -> bool:
    return (
        (not request.states or entry.state in request.states)
        and request.reason in {"", entry.reason}
        and request.broadcast_id in {"", entry.broadcast_id}
    )
