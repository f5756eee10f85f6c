"""Pages of a history: filtered, either way round, and nothing twice."""

from headwater.v1.livestreams_pb2 import HistoryEntry, ListHistoryRequest, Livestream
from services.api.history_page import history_page


def entry(at_us: int, reason: str, state: Livestream.State.ValueType = Livestream.IDLE, of: str = "") -> HistoryEntry:
    made = HistoryEntry(reason=reason, state=state, broadcast_id=of)
    made.time.FromMicroseconds(at_us)
    return made


ENTRIES = [
    entry(9, "order", Livestream.ACTIVE),
    entry(5, "started", Livestream.LIVE, "b1"),
    entry(5, "configured"),
    entry(5, "configured"),
    entry(1, "created"),
]


def reasons(request: ListHistoryRequest) -> str:
    return " ".join(each.reason for each in history_page(ENTRIES, request).entries)


def test_pages_cover_it_once_even_where_two_entries_are_the_same() -> None:
    """Newest first unless it is asked for the other way round."""
    for order, wanted in (("", "order started configured configured created"), ("time", None)):
        request, found = ListHistoryRequest(page_size=1, order_by=order), list[str]()
        for _ in ENTRIES:
            page = history_page(ENTRIES, request)
            assert page.total_count == len(ENTRIES)
            found += [each.reason for each in page.entries]
            request.page_token = page.next_page_token
        assert not request.page_token
        assert " ".join(found) == (wanted or "created configured configured started order")


def test_each_filter_leaves_what_it_names() -> None:
    """Times, states, a reason, a broadcast."""
    since, until = ListHistoryRequest(), ListHistoryRequest()
    since.after.FromMicroseconds(6)
    until.before.FromMicroseconds(5)

    assert reasons(since) == "order"
    assert reasons(until) == "created"
    assert reasons(ListHistoryRequest(states=[Livestream.LIVE, Livestream.ACTIVE])) == "order started"
    assert reasons(ListHistoryRequest(reason="configured")) == "configured configured"
    assert reasons(ListHistoryRequest(broadcast_id="b1")) == "started"
