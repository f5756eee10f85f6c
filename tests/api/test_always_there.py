"""Pages of a list with one member that nobody has written."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.records_pb2 import AppRecord
from services.api.always_there import with_oldest
from services.api.newest_first import NewestFirst
from services.api.page_token import decode_place, encode_place
from services.api.repository import Page, Stored

OLDEST = Stored("default", AppRecord(id="default"), 0)


def page_of(count: int, after: str, limit: int) -> Page[AppRecord]:
    """A list of `count` apps, as a repository pages it."""
    order = NewestFirst()
    for number in range(count):
        order.add((-number - 1, f"{number}"), ["all"])
    keys = order.keys("all", decode_place(after))
    items = tuple(Stored(key, AppRecord(id=key, create_time_us=int(key) + 1), 1) for key in keys[:limit])
    more = encode_place((-items[-1].record.create_time_us, items[-1].key)) if len(keys) > limit else ""
    return Page(items, more, count)


@given(st.integers(0, 12), st.integers(1, 5))
def test_oldest_comes_once_and_last_whatever_the_size_of_pages(count: int, limit: int) -> None:
    """No page is longer than asked for, and each says how many there are in all."""
    seen: list[str] = []
    after = ""
    while True:
        page = with_oldest(
            page_of(count, after, limit), OLDEST, limit=limit, time_us=lambda record: record.create_time_us
        )
        assert len(page.items) <= limit
        assert page.total == count + 1
        seen += [each.key for each in page.items]
        if not (after := page.after):
            break

    assert seen == [*(str(number) for number in reversed(range(count))), "default"]
