"""A livestream's history: orders and broadcasts in one list, and the facts of both."""

from headwater.internal.v1.records_pb2 import HistoryRecord, LivestreamRecord, MediaRecord
from headwater.v1.livestreams_pb2 import HistoryEntry, Livestream
from services.api import broadcast, history

SECOND = 1_000_000


def record_of(*changes: tuple[int, str]) -> LivestreamRecord:
    record = LivestreamRecord(id="l", tenant_id="t")
    for second, kind in changes:
        history.note(record, HistoryRecord(fact_id=f"{kind}{second}", time_us=second * SECOND, kind=kind))
    return record


def told(entries: list[HistoryEntry]) -> list[tuple[int, str, str]]:
    return [(each.time.ToSeconds(), Livestream.State.Name(each.state), each.reason) for each in entries]


def test_activation_that_nobody_follows_ends_with_its_window() -> None:
    """Nobody writes that down: it is seen."""
    record = record_of((1, "created"), (10, "activated"))

    assert told(history.entries(record, [], 120 * SECOND, 129 * SECOND))[0] == (10, "ACTIVE", "activated")
    assert told(history.entries(record, [], 120 * SECOND, 131 * SECOND))[0] == (130, "IDLE", "nobody came")


def test_activation_that_a_broadcast_or_an_order_follows_does_not() -> None:
    """It is LIVE, or disarmed."""
    record = record_of((1, "created"), (10, "activated"), (500, "activated"), (510, "disarmed"))
    begun = broadcast.begin("b", "l", 20 * SECOND, is_recorded=True)

    found = told(history.entries(record, [begun], 120 * SECOND, 900 * SECOND))

    assert found == [
        (510, "IDLE", "order"),
        (500, "ACTIVE", "activated"),
        (20, "LIVE", "started"),
        (10, "ACTIVE", "activated"),
        (1, "IDLE", "created"),
    ]


def test_configuration_is_noted_and_orders_show_in_the_broadcast() -> None:
    """No entry stands twice."""
    record = record_of((1, "updated"), (2, "output-created"), (3, "idled"), (4, "keys-rotated"))

    assert told(history.entries(record, [], SECOND, 9 * SECOND)) == [
        (4, "STATE_UNSPECIFIED", "keys-rotated"),
        (2, "STATE_UNSPECIFIED", "configured"),
        (1, "STATE_UNSPECIFIED", "configured"),
    ]


def test_history_keeps_the_newest() -> None:
    """It is bounded."""
    record = record_of(*((second, "updated") for second in range(history.HISTORY_LIMIT + 50)))

    assert len(record.history) == history.HISTORY_LIMIT
    assert record.history[0].time_us == 50 * SECOND


def test_facts_say_who_changed_what_and_no_secret() -> None:
    """A disarmed livestream was idled, in the words of facts."""
    change = HistoryRecord(fact_id="f", time_us=5, kind="disarmed", token_id="who", fields=["name"])
    said = history.livestream_fact(LivestreamRecord(id="l", tenant_id="t"), change)
    gone = HistoryRecord(fact_id="g", time_us=6, kind="deleted", reason="permanent")
    media = history.media_fact(MediaRecord(id="m", livestream_id="l", broadcast_id="m"), gone)

    changed = said.livestream_changed
    assert (said.id, said.livestream_id, changed.change, changed.token_id, changed.tenant_id, changed.app_id) == (
        "f",
        "l",
        "idled",
        "who",
        "t",
        "default",
    )
    assert (media.media_changed.is_permanent, media.media_changed.tenant_id) == (True, "default")
