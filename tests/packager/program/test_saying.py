"""Facts that a program notes."""

from collections import deque

from headwater.internal.v1.cmaf_pb2 import State
from headwater.internal.v1.facts_pb2 import Fact
from services.packager.program.saying import note


def test_fact_names_its_broadcast_and_stands_behind_the_others() -> None:
    """It is the noted one that is filled."""
    facts = deque([Fact(time_us=1)])
    found = note(facts, State(livestream_id="l", broadcast_id="b"), time_us=2, instance="primary")
    found.media_lost.reason = "closed"

    assert [fact.time_us for fact in facts] == [1, 2]
    last = facts[-1]
    assert (last.livestream_id, last.broadcast_id, last.instance, last.media_lost.reason) == (
        *("l", "b", "primary"),
        "closed",
    )
