"""The index and the sums of a recording."""

import pytest

from headwater.internal.v1.cmaf_pb2 import End, Rendition, Segment
from services.archiver.index import Tally, count_objects, lasting, lost, make_index, needed, segments_of

VIDEO = Rendition(number=0, name="video", kind=Rendition.VIDEO, timescale=90_000, init_id="v", init=b"V", width=16)
AUDIO = Rendition(number=1, name="audio", kind=Rendition.AUDIO, timescale=48_000, init_id="a", init=b"A")


def segment(msn: int, *, length: int = 1000, seconds: int = 2, init_id: str = "v") -> Segment:
    found = Segment(
        livestream_id="l",
        broadcast_id="b",
        msn=msn,
        sequences=[msn * 10, msn * 10 + 1],
        store_prefix="secret",
        purge_cmaf_before=5,
        target_duration_s=2,
        record=True,
    )
    for rendition, size in ((VIDEO, length), (AUDIO, length // 10)):
        found.renditions.add(
            number=rendition.number,
            name=rendition.name,
            init_id=init_id if rendition is VIDEO else rendition.init_id,
            timescale=rendition.timescale,
            duration=seconds * rendition.timescale,
            length=size,
        )
    return found


@pytest.mark.parametrize(("segments", "objects"), [(0, 0), (1, 1), (99, 1), (100, 1), (101, 2), (250, 3)])
def test_every_segment_is_in_exactly_one_object(segments: int, objects: int) -> None:
    """A hundred to an object, the last has the rest."""
    assert count_objects(segments) == objects
    assert [msn for number in range(objects) for msn in segments_of(number, segments)] == list(range(segments))


def test_index_is_the_same_whoever_writes_it() -> None:
    """What only one archiver could have seen of a rendition is not in it, nor is what only the log needs."""
    seen = Rendition()
    seen.CopyFrom(VIDEO)
    seen.peak_bandwidth, seen.total_bytes, seen.next_decode_time = 1, 2, 3
    segments = [segment(0), segment(1, length=3000)]

    one, other = make_index("b", segments, [VIDEO, AUDIO]), make_index("b", segments, [lasting(seen), AUDIO])

    assert one.SerializeToString(deterministic=True) == other.SerializeToString(deterministic=True)
    assert not one.segments[0].sequences
    assert b"secret" not in one.SerializeToString()
    assert one.segments[1].renditions == segments[1].renditions


def test_bandwidth_is_measured_over_the_segments() -> None:
    """Peak is the largest segment's, average that of all (RFC 8216bis 4.4.6.2)."""
    index = make_index("b", [segment(0, length=1000), segment(1, length=3000, seconds=4)], [VIDEO])

    assert index.renditions[0].peak_bandwidth == 3000 * 8 // 4
    assert index.renditions[0].average_bandwidth == 4000 * 8 // 6


def test_recording_sums_up_its_index_objects() -> None:
    """Segments, bytes, the longest rendition's duration, and each init segment once."""
    tally = Tally()
    tally.add(make_index("b", [segment(msn) for msn in range(100)], [VIDEO, AUDIO]))
    other = Rendition(number=0, name="video", kind=Rendition.VIDEO, timescale=90_000, init_id="v2", init=b"W")
    tally.add(make_index("b", [segment(100, init_id="v2")], [other, AUDIO]))

    recording = tally.recording(livestream="l", broadcast="b", start_time_us=7, end=End(reason="order"))

    assert (recording.segment_count, recording.index_count, recording.size_bytes) == (101, 2, 101 * 1100)
    assert recording.duration_us == 202_000_000
    assert [(each.name, each.init_id) for each in recording.renditions] == [
        ("video", "v"),
        ("audio", "a"),
        ("video", "v2"),
    ]
    assert recording.end.reason == "order"
    assert recording.target_duration_s == 2


def test_lost_segment_keeps_its_time_and_has_no_bytes() -> None:
    """It counts for duration and numbering, so that what follows keeps its place."""
    tally = Tally()
    for each in (segment(0), lost(segment(1)), segment(2)):
        tally.add_segment(each)

    assert (tally.segment_count, tally.duration_us, tally.size_bytes) == (3, 6_000_000, 2200)


def test_needed_init_segments_are_listed_once_in_order() -> None:
    """Of all renditions, through changes."""
    segments = [segment(0), segment(1), segment(2, init_id="v2")]

    assert needed(segments) == [("video", "v"), ("audio", "a"), ("video", "v2")]
