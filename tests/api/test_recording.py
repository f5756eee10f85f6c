"""The record of a recording out of facts in every order."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.facts_pb2 import Fact, RecordingFailed
from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.records_pb2 import LivestreamRecord, MediaRecord
from headwater.v1.media_pb2 import Media
from services.api import broadcast, recording
from tests.api.stories import BROADCAST, LIVESTREAM, SECOND_US, START_US, broadcast_facts, fact

FACTS = broadcast_facts()


def told(facts: list[Fact]) -> MediaRecord:
    of = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=True)
    record = recording.begin(of, LivestreamRecord(name="a name"))
    for each in facts:
        broadcast.note_fact(of, each)
        recording.note_fact(record, each)
        recording.note_broadcast(record, of)
    return record


def test_recording_grows_then_is_finished_then_ready() -> None:
    """Its state follows its broadcast and the archiver."""
    assert [told(FACTS[:count]).state for count in (3, 11, 12)] == [Media.RECORDING, Media.FINISHING, Media.READY]


def test_ready_recording_knows_length_bytes_and_picture() -> None:
    """What the archiver has said is in the record, whose id is the broadcast's."""
    record = told(FACTS)

    assert (record.id, record.broadcast_id, record.name) == (BROADCAST, BROADCAST, "a name")
    assert (record.duration_us, record.size_bytes) == (80 * SECOND_US, 5_000_000)
    assert (record.width, record.height, record.create_time_us) == (1280, 720, START_US)


@given(facts=st.permutations(FACTS))
def test_facts_in_any_order_give_the_same_recording(facts: list[Fact]) -> None:
    """A recording that is complete stays so."""
    assert told(facts) == told(FACTS)


def test_failed_recording_may_still_be_completed_and_not_the_other_way_round() -> None:
    """An archiver that found the rest has the last word."""
    failed = fact(91, recording_failed=RecordingFailed(reason="gone"))

    assert told([*FACTS[:11], failed]).state == Media.FAILED
    assert told([*FACTS[:11], failed, FACTS[11]]).state == Media.READY
    assert told([*FACTS, failed]).state == Media.READY


def test_playback_alone_completes_a_recording() -> None:
    """Facts that are gone from the log are not needed."""
    record = told([])
    playback = Playback(state=Playback.RECORDED, end_time_us=5, size_bytes=9, duration_us=7)

    recording.note_playback(record, playback)

    assert (record.state, record.size_bytes, record.duration_us) == (Media.READY, 9, 7)


def test_settled_is_only_what_would_not_change() -> None:
    """Whatever differs between what origins serve and what the records say is still to be noted."""
    begun = broadcast.begin("b" * 32, "a" * 32, 5, is_recorded=True)
    playback = Playback(
        broadcast_id="b" * 32, start_time_us=5, end_time_us=9, is_recorded=True, state=Playback.RECORDED, duration_us=4
    )
    media = recording.begin(begun, None)
    assert not recording.is_settled(media, begun, playback)
    broadcast.note_playback(begun, playback)
    assert not recording.is_settled(media, begun, playback)
    recording.note_playback(media, playback)
    assert recording.is_settled(media, begun, playback)
    for news in ({"duration_us": 3}, {"size_bytes": 1}, {"is_truncated": True}, {"start_time_us": 6}, {"state": 4}):
        changed = Playback()
        changed.CopyFrom(playback)
        for name, value in news.items():
            setattr(changed, name, value)
        assert not recording.is_settled(media, begun, changed), news
