"""Text tracks of recordings, as text and as served."""

import asyncio
import shutil
from asyncio.subprocess import PIPE
from typing import Any

import pytest

from headwater.internal.v1.cmaf_pb2 import Recording, Rendition, SegmentRendition
from headwater.internal.v1.cmaf_pb2 import Segment as Record
from headwater.internal.v1.protection_pb2 import CaptionTrack
from services.packager.origin.captions import placed, playlist, text, track_of
from services.packager.origin.recording import RecordedMedia
from tests.archiver.on_air import Stage
from tests.archiver.running import until
from tests.clients.hls_rules import check_playlist
from tests.packager.origin.recorded import recorded, rule
from tests.packager.origin.running import Site, origin
from tests.packager.program.encoder import Later, encode, messages

MEDIA = Later(lambda: messages(encode(seconds=12), connection=5, closed=False))
VTT = b"WEBVTT\n\n00:01.000 --> 00:03.500\nhello\n"
MAP = b"X-TIMESTAMP-MAP=MPEGTS:900,LOCAL:00:00:00.000"
GERMAN = CaptionTrack(language="de", label="Deutsch", object_key="t/de")
FRENCH = CaptionTrack(language="fr", label="Français", object_key="t/fr")


def media(discontinuity: int = 0) -> RecordedMedia:
    """Of 12.4 s, whose picture begins at 2 s and whose sound begins a little before."""
    sound = SegmentRendition(name="audio", decode_time=95_000, timescale=48_000)
    picture = SegmentRendition(name="video", decode_time=180_000, timescale=90_000)
    first = Record(renditions=[sound, picture], discontinuity_sequence=discontinuity)
    kinds = {"video": Rendition(kind=Rendition.VIDEO), "audio": Rendition(kind=Rendition.AUDIO)}
    return RecordedMedia(Recording(duration_us=12_400_000), [first], kinds)


@pytest.mark.parametrize(
    ("sent", "served"),
    [
        (VTT, b"WEBVTT\n" + MAP + VTT[6:]),
        (b"WEBVTT - made by\r\n\r\n00:01", b"WEBVTT - made by\n" + MAP + b"\r\n\r\n00:01"),
        (
            b"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:5\nKind: x\n\n1\n",
            b"WEBVTT\n" + MAP + b"\nKind: x\n\n1\n",
        ),
        (b"\xef\xbb\xbfWEBVTT\n\nX-TIMESTAMP-MAP=said", b"\xef\xbb\xbfWEBVTT\n" + MAP + b"\n\nX-TIMESTAMP-MAP=said"),
        (b"WEBVTT", b"WEBVTT\n" + MAP + b"\n"),
    ],
)
def test_text_says_where_in_the_media_its_time_begins(sent: bytes, served: bytes) -> None:
    """In the header alone, and in place of what it said of another stream; all else is as it was sent."""
    assert placed(sent, 900) == served


def test_clock_of_players_has_33_bits() -> None:
    """A clip of the second day of a recording begins beyond them."""
    assert b"MPEGTS:7," in placed(VTT, (1 << 33) + 7)


def test_text_begins_with_the_picture() -> None:
    """Players set their clocks by it; the entity tag is that of the upload."""
    found = text(VTT, media(), "prefix/captions/de-0123.vtt")

    assert b"MPEGTS:180000," in b"".join(found.plain.body)
    assert b"de-0123" in found.plain.head


@pytest.mark.parametrize("discontinuity", [0, 3])
def test_playlist_is_one_segment_as_long_as_the_recording(discontinuity: int) -> None:
    """Within the rules, and on the media's own time line."""
    body = b"".join(playlist(media(discontinuity), GERMAN, "token=x").plain.body).decode()

    assert [str(each) for each in check_playlist(body)] == []
    assert ("#EXT-X-TARGETDURATION:13" in body, "#EXTINF:12.4" in body, "de.vtt?token=x\n" in body) == (True,) * 3
    assert ("DISCONTINUITY-SEQUENCE:3" in body) is bool(discontinuity)


def test_language_is_found_in_any_case() -> None:
    """As its tags are the same."""
    tracks = [CaptionTrack(language="pt-BR"), GERMAN]
    assert [track_of(tracks, each) for each in ("pt-br", "DE", "en")] == [tracks[0], GERMAN, None]


async def _is(site: Site, path: str, status: int, **options: Any) -> bool:
    return (await site.get(path, **options)).status_code == status


@pytest.mark.connected
async def test_recording_lists_its_text_tracks_and_gives_them(here: Stage) -> None:
    """By the media's id and by its livestream's; what is set or taken away is so at once."""
    film = await recorded(here, MEDIA)
    key, livestream = film.record.broadcast_id, film.record.livestream_id
    await here.objects.put("t/de", VTT)
    async with origin(here) as site:
        path = f"/{key}/captions/de.vtt"
        assert (await site.get(path)).status_code == 404
        await rule(here, key, captions=[GERMAN, FRENCH])
        await until(lambda: _is(site, path, 200))
        for found in (await site.get(path), await site.get(f"/{livestream}/captions/de.vtt")):
            assert found.headers["content-type"] == "text/vtt; charset=utf-8"
            assert found.headers["access-control-allow-origin"] == "*"
            assert found.text.endswith("00:03.500\nhello\n")
        assert (await site.get(path, headers={"If-None-Match": found.headers["etag"]})).status_code == 304
        listed = (await site.get(f"/{key}/index.m3u8")).text
        assert 'TYPE=SUBTITLES,GROUP-ID="text",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES' in listed
        assert ('URI="captions/de.m3u8"' in listed, 'SUBTITLES="text"' in listed) == (True, True)
        assert [str(each) for each in check_playlist(listed)] == []
        assert (await site.get(f"/{key}/captions/de.m3u8")).text.count("#EXTINF") == 1
        lost = [await site.get(f"/{key}/captions/{each}") for each in ("fr.vtt", "it.vtt", "it.m3u8")]
        assert [each.status_code for each in lost] == [404] * 3
        await rule(here, key)
        await until(lambda: _is(site, path, 404))
        assert "SUBTITLES" not in (await site.get(f"/{key}/index.m3u8")).text


@pytest.mark.connected
@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffmpeg (apt install ffmpeg)")
async def test_ffmpeg_plays_a_recording_that_has_text_tracks(here: Stage) -> None:
    """Picture and sound, whether or not it takes the text."""
    film = await recorded(here, MEDIA)
    key = film.record.broadcast_id
    await here.objects.put("t/de", VTT)
    async with origin(here) as site:
        await rule(here, key, captions=[GERMAN])
        await until(lambda: _is(site, f"/{key}/captions/de.vtt", 200))
        show = ("-v", "fatal", "-show_entries", "stream=codec_type", "-of", "csv=p=0")
        url = f"http://127.0.0.1:{site.port}/{key}/index.m3u8"
        probe = await asyncio.create_subprocess_exec("ffprobe", *show, url, stdout=PIPE)
        async with asyncio.timeout(40):
            found, _ = await probe.communicate()

    assert {"video", "audio"} <= set(found.decode().split())
