"""A rendition's bytes are there as long as its playlist may lead to them."""

import pytest

from services.packager.hls.media_playlist import Segment
from services.packager.origin.track import Track, init_path, listed_us, part_path, segment_path


def _closed(track: Track, msn: int) -> None:
    parts = tuple(track.open.parts)
    track.close(Segment(msn, segment_path(track.name, msn), 0, None, None, parts=parts))


def test_segment_is_its_parts_joined_once_it_is_closed() -> None:
    """Parts are there at once, the segment when it is whole; a part that is a gap has no bytes."""
    track = Track("video", 0)
    track.add(4, b"ab", 1, is_independent=True)
    track.add(4, b"", 1, is_independent=False)
    track.add(4, b"c", 1, is_independent=False)

    assert track.segment_bytes(4) is None
    _closed(track, 4)

    assert track.segment_bytes(4) == [b"ab", b"c"]
    assert [track.part_bytes(4, index) for index in range(4)] == [b"ab", None, b"c", None]
    assert [part.is_gap for part in track.closed[0].parts] == [False, True, False]


def test_unlisted_segment_keeps_its_bytes_until_it_is_forgotten() -> None:
    """To leave the list and to leave memory are two things."""
    track = Track("video", 0)
    for msn in range(3):
        track.add(msn, b"x", 1, is_independent=True)
        _closed(track, msn)

    track.unlist(2)
    assert [segment.msn for segment in track.closed] == [2]
    assert track.segment_bytes(0) == [b"x"]

    track.forget(1)
    assert track.segment_bytes(0) is None
    assert track.segment_bytes(1) == [b"x"]


@pytest.mark.parametrize(
    ("duration_us", "listed"), [(333_333, 333_340), (333_334, 333_340), (333_335, 333_350), (500_000, 500_010)]
)
def test_part_is_listed_as_a_little_longer_in_whole_printed_units(duration_us: int, listed: int) -> None:
    """By 5 to 15 us: what is printed is what was meant, and never what the part lasts, nor less."""
    assert listed_us(duration_us) == listed
    assert 5 <= listed - duration_us <= 15


def test_last_part_takes_what_the_others_are_listed_too_long() -> None:
    """So a segment's parts add up to it."""
    track = Track("video", 0)
    for _ in range(3):
        track.add(0, b"x", 500_000, is_independent=False)
    track.settle()

    assert [part.duration_us for part in track.open.parts] == [500_010, 500_010, 499_980]
    assert track.open.length_us == 1_500_000


def test_part_that_is_in_a_list_already_stays_as_it_was_said() -> None:
    """A segment that ends without another part cannot take back what its last one was said to last."""
    track = Track("video", 0)
    track.add(0, b"x", 500_000, is_independent=True)
    track.open.said = 1
    track.settle()

    assert [part.duration_us for part in track.open.parts] == [500_010]
    assert track.open.length_us == 500_000


def test_paths_are_relative_to_the_playlist() -> None:
    """The playlist lies beside the rendition's folder."""
    assert (segment_path("audio", 7), part_path("audio", 7, 2)) == ("audio/7.m4s", "audio/7.2.m4s")
    assert init_path("audio", "0a") == "audio/init-0a.mp4"
