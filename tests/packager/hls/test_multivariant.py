"""Multivariant playlists."""

from dataclasses import replace

import pytest

from services.packager.hls.attributes import PlaylistError
from services.packager.hls.media_playlist import Start
from services.packager.hls.multivariant import Alternative, Multivariant, Variant
from services.packager.hls.parse import parse_multivariant
from services.packager.hls.render import multivariant_template, render_multivariant
from tests.clients.hls_rules import check_playlist

VIDEO = Variant(
    uri="b1/video.m3u8",
    bandwidth=4_500_000,
    average_bandwidth=4_100_000,
    codecs=("avc1.64001f", "mp4a.40.2"),
    resolution=(1280, 720),
    frame_rate=30000 / 1001,
    audio="audio",
)
AUDIO = Alternative("audio", "Audio", "b1/audio.m3u8", is_default=True, is_autoselect=True, channels="2")
PLAYLIST = Multivariant((VIDEO,), (AUDIO,))
GERMAN = Alternative("text", "Deutsch", "b1/captions/de.m3u8", "SUBTITLES", "de", is_autoselect=True)
SUBTITLED = replace(PLAYLIST, variants=(replace(VIDEO, subtitles="text"),), subtitles=(GERMAN,))


def test_picture_with_sound_is_written_as_expected() -> None:
    """One variant and its audio group, line by line."""
    media = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"'
    variant = '#EXT-X-STREAM-INF:BANDWIDTH=4500000,AVERAGE-BANDWIDTH=4100000,CODECS="avc1.64001f,mp4a.40.2"'
    assert render_multivariant(PLAYLIST).decode().splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:4",
        f'{media},URI="b1/audio.m3u8"',
        f'{variant},RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio"',
        "b1/video.m3u8",
    ]


def test_picture_with_sound_keeps_the_rules() -> None:
    """Our rule checker finds nothing, with a query neither."""
    assert check_playlist(render_multivariant(PLAYLIST).decode()) == []
    assert check_playlist(render_multivariant(PLAYLIST, query="token=x").decode()) == []


def test_sound_alone_is_a_variant_without_a_picture() -> None:
    """An audio-only broadcast lists its audio as the variant itself, and needs no version."""
    variant = Variant(uri="b1/audio.m3u8", bandwidth=130_000, codecs=("mp4a.40.2",))
    text = render_multivariant(Multivariant((variant,))).decode()
    expected = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=130000,CODECS="mp4a.40.2"\nb1/audio.m3u8\n'
    assert text == expected
    assert check_playlist(text) == []


def test_text_is_a_group_of_its_own() -> None:
    """Beside that of the sound; what was read is what was written."""
    text = render_multivariant(SUBTITLED).decode()

    assert '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES,URI=' in text
    assert 'AUDIO="audio",SUBTITLES="text"\n' in text
    assert check_playlist(text) == []
    read = parse_multivariant(text)
    assert (read.audio, read.subtitles, read.variants[0].subtitles) == ((AUDIO,), (GERMAN,), "text")


def test_independent_segments_are_claimed_only_when_told() -> None:
    """The claim is about every segment, so it is a setting and no habit."""
    assert b"INDEPENDENT" not in render_multivariant(PLAYLIST)
    told = render_multivariant(replace(PLAYLIST, has_independent_segments=True))
    assert b"#EXT-X-INDEPENDENT-SEGMENTS\n" in told


def test_what_was_read_is_what_was_written() -> None:
    """Reading is the inverse of writing, to the frame rate's third decimal."""
    playlist = replace(PLAYLIST, has_independent_segments=True, start=Start(-6_000_000))
    read = parse_multivariant(render_multivariant(playlist).decode())
    assert read == replace(playlist, variants=(replace(VIDEO, frame_rate=29.97),))


def test_query_goes_to_variants_and_renditions() -> None:
    """A viewer's token reaches the media playlists."""
    text = render_multivariant(PLAYLIST, query="token=x&_HLS_msn=1").decode()
    assert "b1/video.m3u8?token=x\n" in text
    assert 'URI="b1/audio.m3u8?token=x"' in text
    assert multivariant_template(PLAYLIST).count(b"\0") == 2


@pytest.mark.parametrize(
    ("written", "needed"),
    [('TYPE=AUDIO,GROUP-ID="a",NAME="A"', "URI"), ('TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="C"', "INSTREAM-ID")],
)
def test_rendition_that_nobody_can_find_is_refused(written: str, needed: str) -> None:
    """What is in the picture is found by one attribute, all else by the other."""
    with pytest.raises(PlaylistError, match=f"lacks {needed}$"):
        parse_multivariant(f"#EXTM3U\n#EXT-X-MEDIA:{written}\n")


def test_closed_captions_may_be_said_to_be_none() -> None:
    """By others; we say nothing where we do not know."""
    text = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f",CLOSED-CAPTIONS=NONE\nv.m3u8\n'
    assert parse_multivariant(text).variants[0].closed_captions is None
