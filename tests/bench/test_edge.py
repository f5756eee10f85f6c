"""The live edge of playlists, as a light player reads it."""

import pytest

from tests.bench.edge import read_edge, renditions

PLAYLIST = b"""#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="video/init.mp4"
#EXTINF:2.00000,
video/7.m4s
#EXT-X-PART:DURATION=1.00000,URI="video/8.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.96667,URI="video/8.1.m4s"
#EXTINF:1.96667,
video/8.m4s
#EXT-X-PART:DURATION=0.33300,INDEPENDENT=YES,URI="video/9.0.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="video/9.1.m4s"
"""


def test_next_place_follows_the_last_listed_part() -> None:
    """A hint is no part."""
    edge = read_edge(PLAYLIST)

    assert edge.next == (9, 1)
    assert not edge.has_ended


def test_closed_segment_at_the_end_leads_to_the_next_one() -> None:
    """Right after a segment's end, its successor's first part is next."""
    assert read_edge(PLAYLIST.partition(b"#EXT-X-PART:DURATION=0.33300")[0]).next == (9, 0)


def test_parts_know_place_and_end() -> None:
    """A part's end counts from the start of the list, segments without parts included."""
    parts = read_edge(PLAYLIST).parts

    assert [(part.place, part.uri) for part in parts] == [
        ((8, 0), "video/8.0.m4s"),
        ((8, 1), "video/8.1.m4s"),
        ((9, 0), "video/9.0.m4s"),
    ]
    assert [part.ends_s for part in parts] == pytest.approx([3.0, 3.96667, 4.29967])


def test_only_parts_since_a_place_are_new() -> None:
    """What was seen is not fetched again."""
    assert [part.place for part in read_edge(PLAYLIST).since((8, 1))] == [(8, 1), (9, 0)]


def test_closed_segments_are_listed_with_their_lengths() -> None:
    """The segment that is still open is not among them."""
    edge = read_edge(PLAYLIST)

    assert (edge.first, edge.segments, edge.lengths_s) == (7, ("video/7.m4s", "video/8.m4s"), (2.0, 1.96667))


def test_end_of_the_list_is_seen() -> None:
    """A recording has ended."""
    assert read_edge(PLAYLIST + b"#EXT-X-ENDLIST\n").has_ended


def test_other_text_is_no_playlist() -> None:
    """An error page is not taken for an empty playlist."""
    with pytest.raises(ValueError, match="no media playlist"):
        read_edge(b"<html>502</html>")


def test_renditions_are_picture_and_then_sound() -> None:
    """The first variant's URI and each media tag's."""
    text = b'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="a.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n'

    assert renditions(text) == ["v.m3u8", "a.m3u8"]


def test_multivariant_playlist_without_a_variant_is_an_error() -> None:
    """There is nothing to play."""
    with pytest.raises(ValueError, match="no variant"):
        renditions(b"#EXTM3U\n")
