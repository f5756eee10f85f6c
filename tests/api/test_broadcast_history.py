"""The states that a broadcast went through, read off its record."""

from headwater.internal.v1.facts_pb2 import Fact, InputRejected, ProgramPublished
from headwater.v1.livestreams_pb2 import Livestream
from services.api import broadcast
from services.api.broadcast_history import entries
from tests.api.stories import BROADCAST, LIVESTREAM, SECOND_US, START_US, broadcast_facts, fact


def told(facts: list[Fact], *, is_gated: bool = False) -> list[tuple[str, str, float]]:
    record = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=True, is_gated=is_gated)
    for each in facts:
        broadcast.note_fact(record, each)
    return [
        (Livestream.State.Name(one.state), one.reason, (one.time.ToMicroseconds() - START_US) / SECOND_US)
        for one in entries(record)
    ]


def test_whole_broadcast_tells_each_state_with_time_and_reason() -> None:
    """Gone, back, gone for good, and its recording."""
    assert told(broadcast_facts()) == [
        ("LIVE", "started", 0),
        ("RECONNECTING", "closed", 31),
        ("LIVE", "resumed", 41),
        ("RECONNECTING", "closed", 61),
        ("ENDING", "reconnect-window", 90),
        ("IDLE", "recording.completed", 92),
    ]


def test_gated_broadcast_is_receiving_until_it_is_published() -> None:
    """Also after a gap."""
    facts = broadcast_facts()[:8]
    published = fact(50, program_published=ProgramPublished(publish_time_us=START_US + 50 * SECOND_US))

    assert told([*facts, published], is_gated=True) == [
        ("RECEIVING", "started", 0),
        ("RECONNECTING", "closed", 31),
        ("RECEIVING", "resumed", 41),
        ("LIVE", "published", 50),
    ]


def test_flagged_input_is_noted_and_changes_no_state() -> None:
    """A bad GOP is said and the broadcast goes on."""
    flagged = fact(5, "primary", input_rejected=InputRejected(code="ERR_GOP_OUT_OF_RANGE"))

    assert told([*broadcast_facts()[:3], flagged])[1:] == [("STATE_UNSPECIFIED", "ERR_GOP_OUT_OF_RANGE", 5)]


def test_refused_input_without_a_picture_is_a_failure() -> None:
    """With its code."""
    refused = fact(1, "primary", input_rejected=InputRejected(code="ERR_UNSUPPORTED_AUDIO_CODEC", is_refused=True))

    assert told([refused])[1:] == [("FAILED", "ERR_UNSUPPORTED_AUDIO_CODEC", 1)]
