"""Pages of lists in any order."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.v1.livestreams_pb2 import ListLivestreamsRequest
from headwater.v1.media_pb2 import ListMediaRequest
from services.api.listing import Cut, Order, cut, microseconds
from services.common.errors import AppError, Kind

ORDERS = ("", "create_time", "create_time desc")


@dataclass(frozen=True)
class Item:
    key: str
    value: int | str


def value(item: Item) -> int | str:
    return item.value


items = st.lists(st.integers(0, 3), max_size=25).map(
    lambda values: sorted((Item(f"k{n:02}", value) for n, value in enumerate(values)), key=lambda i: (i.value, i.key))
)


def shown(found: list[Item], order: Order) -> list[str]:
    return [each.key for each in (found[::-1] if order.is_descending else found)]


@given(found=items, order_by=st.sampled_from(ORDERS), size=st.integers(1, 7))
def test_pages_by_token_and_by_number_are_the_list(found: list[Item], order_by: str, size: int) -> None:
    """Each once, in order, whatever the size; behind the last page there is nothing."""
    order, token, number = Order.of(order_by), "", 1
    by_token: list[str] = []
    by_number: list[str] = []
    while True:
        page = cut(found, order, value, Cut(size, token))
        by_token += [each.key for each in page.items]
        by_number += [each.key for each in cut(found, order, value, Cut(size, number=number)).items]
        assert page.total == len(found)
        if not page.after:
            break
        token, number = page.after, number + 1

    assert by_token == by_number == shown(found, order)
    assert list(cut(found, order, value, Cut(size, number=number + 1)).items) == []


@given(found=items, order_by=st.sampled_from(ORDERS))
def test_list_goes_on_where_it_was_though_that_one_is_gone(found: list[Item], order_by: str) -> None:
    """What was deleted meanwhile leaves no hole and nothing stands twice."""
    order = Order.of(order_by)
    page = cut(found, order, value, Cut(3))
    seen = {each.key for each in page.items[1:]}
    left = [each for each in found if each.key not in seen]

    if page.after:
        rest = cut(left, order, value, Cut(99, page.after))
        assert [each.key for each in rest.items] == shown(found, order)[3:]


def test_token_of_another_order_or_none_at_all_is_refused() -> None:
    """It would go on somewhere else."""
    found = [Item("a", 1), Item("b", 2)]
    token = cut(found, Order.of(""), value, Cut(1)).after

    for wrong in (token, "x", "e30", "W10", "WyJuYW1lIixmYWxzZSwxLCJhIl0"):
        with pytest.raises(AppError) as caught:
            cut(found, Order.of("name"), value, Cut(1, wrong))
        assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "pageToken")


def test_token_goes_on_in_the_list_that_it_was_given_for_and_in_no_other() -> None:
    """Another kind of thing, or another filter, is another list; another size of pages or the number of one is not."""
    found = [Item("a", 1), Item("b", 2)]
    asked = ListMediaRequest(page_size=1, creator="ann")
    token = cut(found, Order.of(""), value, Cut.of(asked)).after

    same = ListMediaRequest(page_size=9, creator="ann", page_token=token, order_by="create_time desc")
    assert [each.key for each in cut(found, Order.of(""), value, Cut.of(same)).items] == ["a"]
    for other in (ListMediaRequest(creator="eve", page_token=token), ListLivestreamsRequest(page_token=token)):
        with pytest.raises(AppError) as caught:
            cut(found, Order.of(""), value, Cut.of(other))
        assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "pageToken")


def test_longest_name_fits_into_a_token() -> None:
    """A page token has at most 512 characters."""
    found = [Item("a" * 32, "\U0001f600" * 64), Item("b" * 32, "\U0001f600" * 64)]

    assert len(cut(found, Order.of("name"), value, Cut(1)).after) <= 512


def test_time_that_is_not_given_is_none() -> None:
    """0 stands for any."""
    request = ListMediaRequest()
    request.after.FromMicroseconds(7)

    assert (microseconds(request, "after"), microseconds(request, "before")) == (7, 0)
