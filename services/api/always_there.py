"""A list whose oldest member is always there, whether or not anybody has written it. Pure."""

from collections.abc import Callable

from services.api.page_token import encode_place
from services.api.repository import M, Page, Stored


def with_oldest(page: Page[M], oldest: Stored[M], *, limit: int, time_us: Callable[[M], int]) -> Page[M]:
    """`page` of a list that lacks `oldest`, as a page of the list that has it at its end."""
    total = page.total + 1
    if page.after:
        return Page(page.items, page.after, total)
    if len(page.items) < limit:
        return Page((*page.items, oldest), "", total)
    last = page.items[-1]
    return Page(page.items, encode_place((-time_us(last.record), last.key)), total)
