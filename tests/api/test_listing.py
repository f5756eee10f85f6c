"""Pages of lists in any order."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.records_pb2 import MediaRecord
from services.api.listing import Cut, cut, folded, ordered, ordering, within
from services.api.repository import Stored
from services.common.errors import AppError, Kind

VALUES = {
    "create_time": lambda record: record.create_time_us,
    "name": lambda record: folded(record.name),
}
ORDERS = ("", "create_time", "create_time desc", "name", "name desc")

rows = st.lists(st.tuples(st.integers(0, 3), st.text(max_size=3)), max_size=25)


def newest_first(found: list[tuple[int, str]]) -> list[Stored[MediaRecord]]:
    made = [
        Stored(f"k{place:02}", MediaRecord(create_time_us=time_us, name=name), 1)
        for place, (time_us, name) in enumerate(found)
    ]
    return sorted(made, key=lambda each: (-each.record.create_time_us, each.key))


@given(found=rows, order_by=st.sampled_from(ORDERS), size=st.integers(1, 7))
def test_pages_by_token_and_by_number_are_the_list(found: list[tuple[int, str]], order_by: str, size: int) -> None:
    """Each once, in order, whatever the size."""
    order = ordering(order_by, VALUES)
    items = ordered(newest_first(found), order)
    by_token, by_number, token, number = [], [], "", 1
    while True:
        page = cut(items, order, Cut(size, token))
        by_token += [each.key for each in page.items]
        by_number += [each.key for each in cut(items, order, Cut(size, number=number)).items]
        assert page.total == len(found)
        if not page.after:
            break
        token, number = page.after, number + 1

    assert by_token == by_number == [each.key for each in items]


@given(found=rows, order_by=st.sampled_from(ORDERS))
def test_list_goes_on_where_it_was_though_that_one_is_gone(found: list[tuple[int, str]], order_by: str) -> None:
    """What was deleted meanwhile leaves no hole and nothing stands twice."""
    order = ordering(order_by, VALUES)
    items = list(ordered(newest_first(found), order))
    token = cut(items, order, Cut(3)).after
    left = [*items[:1], *items[3:]]

    if token:
        assert [each.key for each in cut(left, order, Cut(99, token)).items] == [each.key for each in items[3:]]


def test_token_of_another_order_or_none_at_all_is_refused() -> None:
    """It would go on somewhere else."""
    items = newest_first([(1, "a"), (2, "b")])
    token = cut(items, ordering("", VALUES), Cut(1)).after

    for wrong in (token, "x", "e30", "W10"):
        with pytest.raises(AppError) as caught:
            cut(items, ordering("name", VALUES), Cut(1, wrong))
        assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "pageToken")


def test_longest_name_fits_into_a_token() -> None:
    """A page token has at most 512 characters."""
    items = newest_first([(1, "\U0001f600" * 256), (2, "\U0001f600" * 256)])

    assert len(cut(items, ordering("name", VALUES), Cut(1)).after) <= 512


def test_time_is_from_then_on_and_before() -> None:
    """The first moment is in, the last is not."""
    after, before = Timestamp(seconds=1), Timestamp(seconds=2)

    assert [within(after, before)(us) for us in (999_999, 1_000_000, 1_999_999, 2_000_000)] == [
        False,
        True,
        True,
        False,
    ]
    assert within(None, None)(0)
