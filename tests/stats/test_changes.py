"""What each fact changes: presence by the log's clock, and nothing that could not be made twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.facts_pb2 import Fact
from services.stats import keys
from services.stats.changes import Lifetimes, changes
from tests.stats.saying import at, broadcast_ended, connected, disconnected, measured, source_changed, viewers_seen

LIFETIMES = Lifetimes(encoder_ms=25_000, viewer_ms=10_000)


def test_encoder_counts_until_its_lifetime_after_the_log_has_heard_of_it() -> None:
    """Presence is a time until which it lasts, reckoned from the log's stamp."""
    made = changes(connected("L", 7), at(1_000), LIFETIMES)

    assert ("ZADD", keys.encoders("L", "primary"), "GT", 26_000, "rtmp/7") in made
    assert ("ZADD", keys.ACTIVE, "GT", 26_000, "L") in made


def test_measured_input_says_the_bit_rate_and_that_the_encoder_is_there() -> None:
    """5 MB in 10 s are 4 Mbit/s."""
    made = changes(measured("L", 7, received_bytes=5_000_000), at(1_000), LIFETIMES)

    assert ("HSET", keys.bitrates("L", "primary"), "rtmp/7", 4_000_000) in made
    assert ("ZADD", keys.encoders("L", "primary"), "GT", 26_000, "rtmp/7") in made


@pytest.mark.parametrize("fact", [connected("L", 7), measured("L", 7, received_bytes=9)])
def test_old_news_of_an_encoder_change_nothing(fact: Fact) -> None:
    """After a long outage of stats, encoders of long ago do not count as present."""
    assert changes(fact, at(1_000, now_ms=26_000), LIFETIMES) == []


def test_old_news_of_viewers_count_as_unique_viewers_only() -> None:
    """Who watched an hour ago has watched, and is not here now."""
    made = changes(viewers_seen("L", "B", 1), at(1_000, now_ms=11_000), LIFETIMES)

    assert ("PFADD", keys.uniques("L", "B"), bytes(7) + b"\x01") in made
    assert not any(keys.viewers("L", "B") in command for command in made)


def test_end_of_a_broadcast_is_a_source_without_instance() -> None:
    """Both stand in one set, ordered by their place in the log."""
    changed = changes(source_changed("L", "B", "secondary"), at(0, sequence=3), LIFETIMES)
    ended = changes(broadcast_ended("L", "B"), at(0, sequence=4), LIFETIMES)

    assert changed[0] == ("ZADD", keys.sources("L"), "GT", 3, "B secondary")
    assert ended[0] == ("ZADD", keys.sources("L"), "GT", 4, "B ")


def test_thousands_of_viewers_are_said_in_commands_of_bounded_length() -> None:
    """One origin's audience never makes one huge command."""
    made = changes(viewers_seen("L", "B", *range(1201)), at(0), LIFETIMES)

    added = [command for command in made if command[0] == "ZADD" and command[1] == keys.viewers("L", "B")]
    assert [(len(command) - 3) // 2 for command in added] == [500, 500, 201]


def test_fact_about_nothing_that_counts_changes_nothing() -> None:
    """An envelope of an unknown kind is passed over."""
    assert changes(Fact(livestream_id="L"), at(0), LIFETIMES) == []


# EVAL adds to a sum only what is not in it: shown in test_repository.py.
REPEATABLE = {"EVAL", "ZADD", "ZREM", "HSET", "HDEL", "PFADD", "EXPIRE", "ZREMRANGEBYSCORE", "ZREMRANGEBYRANK"}


@given(time_ms=st.integers(0, 2**45), late_ms=st.integers(0, 10**9), viewers=st.lists(st.integers(0, 2**64 - 1)))
def test_every_change_may_be_made_twice(time_ms: int, late_ms: int, viewers: list[int]) -> None:
    """Only commands whose repetition changes nothing, and scores only rise."""
    moment = at(time_ms, now_ms=time_ms + late_ms)
    facts = (connected("L", 1), measured("L", 1), disconnected("L", 1), viewers_seen("L", "B", *viewers))

    made = [command for fact in facts for command in changes(fact, moment, LIFETIMES)]

    assert {command[0] for command in made} <= REPEATABLE
    assert all(command[2] == "GT" for command in made if command[0] == "ZADD")
