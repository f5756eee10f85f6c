"""Streamdiver's pages of samples, by number, out of a native list that goes by token and may cut pages short."""

import asyncio
from typing import Any

import pytest

from headwater.v1 import statistics_pb2 as pb
from services.api.dialects.endpoint import Exchange
from services.api.dialects.streamdiver import statistics
from services.api.dialects.streamdiver.envelope import PageQuery
from services.common.errors import AppError


class ShortPages:
    """`count` samples, numbered from the newest; at most `most` of them at once."""

    def __init__(self, count: int, most: int) -> None:
        self._count = count
        self._most = most

    async def ask(self, request: pb.ListSamplesRequest, _answer: type[Any]) -> Any:
        assert 0 < request.page_size <= 1000
        begin = int(request.page_token or 0)
        end = min(begin + min(request.page_size, self._most), self._count)
        samples = (pb.Sample(rtmp_connections=number) for number in range(begin, end))
        return pb.ListSamplesResponse(samples=samples, next_page_token=str(end) if end < self._count else "")


def page(native: ShortPages, number: int, perpage: int) -> dict[str, Any]:
    query = PageQuery(page=number, perpage=perpage)
    exchange = Exchange(native, {"id": "a" * 32}, query, None, b"", "", "")  # type: ignore[arg-type]  # answers one question
    listing = next(each for each in statistics.ENDPOINTS if each.path.endswith("/primary"))
    assert listing.handle is not None
    content: dict[str, Any] = asyncio.run(listing.handle(exchange)).content  # type: ignore[arg-type]  # a coroutine
    return content


@pytest.mark.parametrize("most", [1, 3, 7, 1000])
def test_pages_by_number_are_the_list_however_short_the_native_ones_are(most: int) -> None:
    """Each is full but for the last, and none has what another has."""
    native = ShortPages(23, most)
    pages = [page(native, number, 10) for number in range(4)]

    shown = [[each["rtmpConnections"] for each in one["data"]] for one in pages]
    assert shown == [list(range(10)), list(range(10, 20)), [20, 21, 22], []]
    assert [one["paging"]["total"] for one in pages] == [11, 21, 23, 23]


def test_page_far_back_is_found_in_large_steps() -> None:
    """A day of samples."""
    assert [each["rtmpConnections"] for each in page(ShortPages(9000, 1000), 170, 50)["data"]] == list(
        range(8500, 8550)
    )


def test_page_too_far_back_is_refused_in_words() -> None:
    """Or one request would read for minutes."""
    with pytest.raises(AppError, match="newest 200,000"):
        page(ShortPages(10, 10), statistics.FURTHEST // 50, 50)
