"""Lists that are looked through: each page is what filtering and sorting all of it gives."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.records_pb2 import TenantRecord
from headwater.v1.tenants_pb2 import ListTenantsRequest
from services.api.repository import Stored
from services.api.short_list import ShortList

LIST = ShortList[TenantRecord](
    lambda each: each.create_time_us, {"update_time": lambda each: each.update_time_us}, lambda each: each.name
)
VALUES: dict[str, Callable[[TenantRecord], int | str]] = {
    "create_time": lambda each: each.create_time_us,
    "update_time": lambda each: each.update_time_us,
    "name": lambda each: each.name.casefold(),
}

records = st.builds(
    TenantRecord,
    name=st.text("aAbB", max_size=2),
    create_time_us=st.integers(0, 4),
    update_time_us=st.integers(0, 2),
    storage_quota_bytes=st.integers(0, 1),
)


@given(
    kept=st.lists(records, max_size=12),
    order=st.sampled_from(sorted(VALUES)),
    direction=st.sampled_from(["", " asc", " desc"]),
    name=st.text("aB", max_size=1),
    span=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    size=st.integers(1, 5),
)
def test_pages_cover_what_is_asked_for_once_and_in_order(
    *, kept: list[TenantRecord], order: str, direction: str, name: str, span: tuple[int, int], size: int
) -> None:
    """By token and by number alike, with the total on each."""
    request = ListTenantsRequest(page_size=size, order_by=order + direction, name=name)
    request.after.FromMicroseconds(span[0])
    request.before.FromMicroseconds(span[1])
    stored = [Stored(f"{place:02}", record, 1) for place, record in enumerate(kept)]
    fits = [
        each
        for each in stored
        if name.casefold() in each.record.name.casefold()
        and span[0] <= each.record.create_time_us < (span[1] or 99)
        and each.record.storage_quota_bytes
    ]
    value = VALUES[order]
    fits.sort(key=lambda each: (value(each.record), each.key), reverse=direction == " desc")

    by_token, by_number = list[str](), list[str]()
    for number in range(len(kept) // size + 1):
        page = LIST.page(request, stored, lambda record: bool(record.storage_quota_bytes))
        assert page.total == len(fits)
        by_token += [each.key for each in page.items]
        numbered = ListTenantsRequest()
        numbered.CopyFrom(request)
        numbered.page = number + 1
        by_number += [each.key for each in LIST.page(numbered, stored, lambda r: bool(r.storage_quota_bytes)).items]
        request.page_token = page.after
        if not page.after:
            break
    assert by_token == by_number == [each.key for each in fits]
