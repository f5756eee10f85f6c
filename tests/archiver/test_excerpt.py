"""Which segments a piece of a recording has, and the index of them."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.cmaf_pb2 import End, Index, Recording, Rendition, Segment
from services.archiver.excerpt import Excerpt
from services.archiver.index import Tally, count_objects, make_index, segments_of

VIDEO = Rendition(number=0, name="video", kind=Rendition.VIDEO, timescale=90_000, init_id="v", init=b"V", width=16)
AUDIO = Rendition(number=1, name="audio", kind=Rendition.AUDIO, timescale=48_000, init_id="a", init=b"A")
SECOND_US = 1_000_000
LENGTH_S = 2
BEGAN_US = 1_700_000_000 * SECOND_US


def segment(msn: int, *, is_lost: bool = False) -> Segment:
    """Two seconds of pictures, of sound a little more: added up, sound would lead the numbers astray."""
    found = Segment(msn=msn, program_time_us=BEGAN_US + msn * LENGTH_S * SECOND_US, target_duration_s=2, record=True)
    for rendition, more in ((VIDEO, 0), (AUDIO, 1000)):
        found.renditions.add(
            number=rendition.number,
            name=rendition.name,
            init_id=rendition.init_id,
            timescale=rendition.timescale,
            decode_time=msn * LENGTH_S * rendition.timescale,
            duration=LENGTH_S * rendition.timescale + more,
            length=0 if is_lost else 100,
        )
    return found


def excerpt_of(segments: list[Segment], start_s: float, end_s: float) -> Excerpt:
    """As it is after all index objects that it wants."""
    indexes, tally = [], Tally()
    for number in range(count_objects(len(segments))):
        indexes.append(make_index("b", [segments[msn] for msn in segments_of(number, len(segments))], [VIDEO, AUDIO]))
        tally.add(indexes[-1])
    whole = tally.recording(livestream="l", broadcast="b", start_time_us=BEGAN_US, end=End(reason="order"))
    return taken(whole, indexes, start_s, end_s)


def taken(whole: Recording, indexes: list[Index], start_s: float, end_s: float) -> Excerpt:
    excerpt = Excerpt(whole, round(start_s * SECOND_US), round(end_s * SECOND_US))
    for index in indexes:
        excerpt.add(index)
        if excerpt.is_past_end:
            break
    return excerpt


@given(st.integers(0, 499_000), st.integers(1, 499_000))
def test_piece_is_covered_by_no_more_than_it_needs(start_ms: int, length_ms: int) -> None:
    """The first segment has the beginning, the last the end, and nothing between is missing."""
    end_ms = min(start_ms + length_ms, 500_000)
    excerpt = excerpt_of(WHOLE, start_ms / 1000, end_ms / 1000)

    msns = [each.msn for each in excerpt.segments]
    assert msns == list(range(start_ms // 2000, -(-end_ms // 2000)))


WHOLE = [segment(msn) for msn in range(250)]


def test_index_of_a_piece_is_numbered_anew_and_keeps_dates_and_decode_times() -> None:
    """A hundred to an object, from 0; the recording says the sums of these alone."""
    excerpt = excerpt_of(WHOLE, 100.0, 400.0)
    indexes = list(excerpt.indexes("c"))
    recording = excerpt.recording("c", indexes)

    assert [len(index.segments) for index in indexes] == [100, 50]
    listed = [each for index in indexes for each in index.segments]
    assert [each.msn for each in listed] == list(range(150))
    for each, of in zip(listed, WHOLE[50:200], strict=True):
        assert (each.program_time_us, list(each.renditions)) == (of.program_time_us, list(of.renditions))
    assert {index.broadcast_id for index in indexes} == {recording.broadcast_id} == {"c"}
    assert (recording.livestream_id, recording.segment_count, recording.index_count) == ("l", 150, 2)
    assert recording.size_bytes == 150 * 2 * 100
    assert (recording.start_time_us, recording.end.time_us) == (BEGAN_US + 100 * SECOND_US, BEGAN_US + 400 * SECOND_US)
    assert [each.name for each in recording.renditions] == ["video", "audio"]
    assert [each.msn for each in WHOLE[:3]] == [0, 1, 2]


def test_gap_keeps_its_place_and_its_time() -> None:
    """A segment that was lost counts, so that times after it are those that players show."""
    segments = [segment(msn, is_lost=msn == 1) for msn in range(5)]
    excerpt = excerpt_of(segments, 2.5, 4.5)

    assert [each.msn for each in excerpt.segments] == [1, 2]
    (index,) = excerpt.indexes("c")
    assert [each.renditions[0].length for each in index.segments] == [0, 100]


def test_init_segments_are_those_that_the_piece_needs() -> None:
    """After a change of codec configuration the one before it is not wanted."""
    late = Rendition()
    late.CopyFrom(VIDEO)
    late.init_id = "v2"
    segments = [segment(msn) for msn in range(4)]
    for each in segments[2:]:
        each.renditions[0].init_id = "v2"
    index = make_index("b", segments, [VIDEO, AUDIO, late])
    whole = Recording(renditions=[VIDEO, AUDIO, late])

    assert [each.init_id for each in taken(whole, [index], 4.0, 8.0).renditions] == ["v2", "a"]
    assert [each.init_id for each in taken(whole, [index], 0.0, 8.0).renditions] == ["v", "a", "v2"]
