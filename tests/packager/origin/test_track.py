"""A rendition's bytes are there as long as its playlist may lead to them."""

from services.packager.hls.media_playlist import Segment
from services.packager.origin.track import Track, init_path, part_path, segment_path


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


def test_paths_are_relative_to_the_playlist() -> None:
    """The playlist lies beside the rendition's folder."""
    assert (segment_path("audio", 7), part_path("audio", 7, 2)) == ("audio/7.m4s", "audio/7.2.m4s")
    assert init_path("audio", "0a") == "audio/init-0a.mp4"
