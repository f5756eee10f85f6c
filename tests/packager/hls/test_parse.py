"""Playlists as read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.packager.hls.attributes import PlaylistError
from services.packager.hls.parse import MAX_PLAYLIST_LENGTH, parse_media, parse_multivariant
from services.packager.hls.render import render_media
from services.packager.hls.tags import parse_date_time
from tests.packager.hls.histories import EPOCH_US, UNHURRIED, Broadcast, broadcasts, windows

HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"


@settings(UNHURRIED, max_examples=60)
@given(broadcasts(max_segments=6))
def test_what_was_read_is_written_again_alike(broadcast: Broadcast) -> None:
    """Reading loses nothing that writing says."""
    for window in windows(broadcast):
        text = render_media(window)
        assert render_media(parse_media(text.decode()).window) == text


@UNHURRIED
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but PlaylistError comes out of garbage."""
    for parse in (parse_media, parse_multivariant):
        for candidate in (text, HEAD + text, HEAD + "#EXT-X-PART:" + text):
            try:
                parse(candidate)
            except PlaylistError:
                continue


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "EXTM3U"),
        ("#EXTM3U\n", "TARGETDURATION"),
        (HEAD + "a.m4s\n", "without EXTINF"),
        (HEAD + "#EXTINF:2,\n", "without a URI"),
        (HEAD + "#EXTINF:two,\na.m4s\n", "not a decimal number"),
        (HEAD + "#EXT-X-TARGETDURATION:2\n", "twice"),
        (HEAD + "#EXT-X-MEDIA-SEQUENCE:-1\n", "not a decimal integer"),
        (HEAD + "#EXT-X-PLAYLIST-TYPE:LIVE\n", "unknown playlist type"),
        (HEAD + '#EXT-X-PART:URI="a"\n', "lacks DURATION"),
        (HEAD + "#EXT-X-MAP:URI=a\n", "not a quoted string"),
        (HEAD + '#EXT-X-PART:URI="a",DURATION=1,GAP=MAYBE\n', "neither YES nor NO"),
        (HEAD + "#EXT-X-PROGRAM-DATE-TIME:yesterday\n", "not a date"),
        (HEAD + "#EXT-X-PROGRAM-DATE-TIME:2026-02-31T00:00:00Z\n", "not a date"),
        (HEAD + "#EXT-X-ENDLIST:NOW\n", "takes no value"),
    ],
)
def test_broken_playlist_is_refused_with_the_reason(text: str, reason: str) -> None:
    """Each mistake has its own words."""
    with pytest.raises(PlaylistError, match=reason):
        parse_media(text)


def test_playlist_beyond_the_limit_is_refused_unread() -> None:
    """Bytes from outside are bounded before they are read."""
    with pytest.raises(PlaylistError, match="too long"):
        parse_media("#" * (MAX_PLAYLIST_LENGTH + 1))


def test_unknown_tags_comments_and_line_ends_are_ignored() -> None:
    """A client ignores what it does not know (6.3.1), and CRLF is a line end (4.1)."""
    text = HEAD + '# a comment\n#EXT-X-NEW:1\n\n#EXT-X-MAP:URI="i.mp4",NEW=1\n#EXTINF:2,a title\na.m4s\n'
    window = parse_media(text.replace("\n", "\r\n")).window
    assert [(segment.uri, segment.init_uri) for segment in window.segments] == [("a.m4s", "i.mp4")]


@pytest.mark.parametrize(
    "text", ["2026-11-18T11:06:40.123456Z", "2026-11-18T12:06:40.123456+01:00", "2026-11-18T11:06:40.123456"]
)
def test_date_is_read_in_any_zone(text: str) -> None:
    """Without a zone it is UTC (4.4.4.6)."""
    assert parse_date_time(text) == EPOCH_US


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\na.m3u8\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n",
        '#EXTM3U\n#EXT-X-STREAM-INF:CODECS="x"\na.m3u8\n',
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1280\na.m3u8\n",
    ],
)
def test_broken_multivariant_playlist_is_refused(text: str) -> None:
    """A URI without its tag, a tag without its URI, no bandwidth, half a resolution."""
    with pytest.raises(PlaylistError):
        parse_multivariant(text)
