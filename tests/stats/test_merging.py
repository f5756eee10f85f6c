"""Pages out of sources that overlap and have gaps."""

from hypothesis import given
from hypothesis import strategies as st

from services.stats.figures import Counts
from services.stats.merging import Merge, Page
from services.stats.series import Sample


def sample(slot: int, source: int = 0) -> Sample:
    return Sample(slot, Counts(source))


def slots(page: Page) -> list[int]:
    return [each.slot_ms for each in page.samples]


@given(st.lists(st.sets(st.integers(1, 60)), min_size=1, max_size=5), st.integers(1, 20), st.integers(0, 30))
def test_pages_of_whole_sources_are_their_union(sources: list[set[int]], size: int, after: int) -> None:
    """Each slot once, newest first, and nothing of before the first."""
    found: list[int] = []
    before: int | None = None
    while True:
        merge = Merge(size, after, before)
        for source in sources:
            merge.add(map(sample, source))
        page = merge.page()
        found += slots(page)
        if page.before_ms is None:
            break
        before = page.before_ms

    assert found == sorted((each for each in set().union(*sources) if each >= after), reverse=True)


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)), st.integers(1, 80), st.integers(1, 20))
def test_nothing_is_shown_beyond_what_all_sources_were_read_to(
    one: set[int], other: set[int], cut: int, size: int
) -> None:
    """What is older comes with the next page, which begins just there."""
    merge = Merge(size)
    merge.add(map(sample, one))
    merge.add(map(sample, other))
    merge.cut(cut)
    page = merge.page()

    assert slots(page) == sorted((each for each in one | other if each >= cut), reverse=True)[:size]
    assert page.before_ms in ([cut] if len(page.samples) < size else [cut, slots(page)[-1]])


def test_slot_in_two_sources_is_taken_from_the_first() -> None:
    """Redis was emptied and the slot filled a second time: whichever it is, it stays."""
    merge = Merge(5)
    merge.add([sample(1, source=1)])
    merge.add([sample(1, source=2), sample(2, source=2)])

    assert [each.counts.rtmp_connections for each in merge.page().samples] == [2, 1]


def test_source_that_is_unread_leaves_a_page_lacking() -> None:
    """Three are wanted, to know whether a third follows; those at or before the unread slot do not count."""
    merge = Merge(2)
    merge.add(map(sample, (5, 6, 7)))

    assert [merge.lacks(unread) for unread in (-1, 4, 5, 7)] == [0, 0, 1, 3]


def test_what_was_not_asked_for_fills_no_page() -> None:
    """A block holds more than the time that was asked for."""
    merge = Merge(2, after_ms=3, before_ms=6)
    merge.add(map(sample, range(10)))

    assert merge.lacks(-1) == 0
    assert merge.lacks(4) == 2
    assert merge.page() == Page([sample(5), sample(4)], 4)
