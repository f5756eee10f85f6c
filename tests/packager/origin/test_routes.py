"""Targets: what each means, and that nothing else means anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.packager.hls.attributes import FIRST_MSN
from services.packager.hls.blocking import Directives
from services.packager.hls.render import DeltaRequest
from services.packager.origin.routes import Route, parse, read

ID = "0123456789abcdef0123456789abcdef"
DASHED = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        (f"/{ID}/index.m3u8", Route("multivariant", ID, "index")),
        (f"/{DASHED}/index.m3u8", Route("multivariant", ID, "index")),
        (f"/{ID}/video.m3u8", Route("playlist", ID, "video")),
        (f"/{ID}/video.vod.m3u8", Route("recording", ID, "video")),
        (f"/{ID}/video/12.m4s", Route("segment", ID, "video", 12)),
        (f"/{ID}/video/12.0.m4s", Route("part", ID, "video", 12, 0)),
        (f"/{ID}/audio/init-0af.mp4", Route("init", ID, "audio", init_id="0af")),
        (f"/{ID}/watch", Route("watch", ID, "watch")),
        (f"/{ID}/iframe", Route("watch", ID, "iframe")),
        (f"/{ID}/views", Route("views", ID)),
        (f"/{ID}/thumbnails/thumbnail.jpg", Route("thumbnail", ID)),
        (f"/{ID}/downloads/default.mp4", Route("download", ID, "mp4")),
        (f"/{ID}/downloads/audio.m4a", Route("download", ID, "m4a")),
        (f"/{ID}/downloads/audio.mp4", None),
        (f"/{ID}/manifest/video.mpd", Route("later", ID)),
        (f"/{ID}/lifecycle", Route("lifecycle", ID)),
        (f"/{ID}/download/mp4", Route("download", ID, "mp4")),
        ("/static/watch.js", Route("static", name="watch.js")),
        (f"/{ID}/video/012.m4s", None),
        (f"/{ID}/Video.m3u8", None),
        (f"/{ID[:-1]}/index.m3u8", None),
        (f"/{ID}/download/exe", None),
        ("/static/vendor/hls.min.js", None),
        ("/", None),
    ],
)
def test_path_is_taken_apart(path: str, route: Route | None) -> None:
    """Each path has one meaning; numbers are written in one way, so that an URI has one spelling."""
    assert parse(path) == route


@given(st.text(max_size=80))
def test_any_path_is_a_route_or_none(path: str) -> None:
    """Whatever is asked for, reading it does not fail."""
    found = parse("/" + path)

    assert found is None or found.kind


def test_preview_of_a_length_comes_later() -> None:
    """At the vendor's path; elsewhere the name means nothing and is handed on."""
    kinds = [
        asked.route.kind if asked.route else ""
        for asked in (
            read(f"/{ID}/manifest/video.m3u8", "a=b&duration=5m"),
            read(f"/{ID}/manifest/video.m3u8", "preduration=5m"),
            read(f"/{ID}/index.m3u8", "duration=5m"),
        )
    ]
    assert kinds == ["later", "multivariant", "multivariant"]


def test_query_of_a_playlist_is_read() -> None:
    """Directives are told from what is handed on."""
    asked = read(f"/{ID}/video.m3u8", "token=x&_HLS_msn=4&_HLS_part=1&_HLS_skip=YES")

    assert asked.directives == Directives(4 - FIRST_MSN, 1, DeltaRequest.YES)
    assert asked.kept_query == "token=x"
    assert asked.key == ID.encode()


def test_bad_query_is_a_fault_and_of_media_no_matter() -> None:
    """A playlist's query that means nothing is told in words; media ignores its query."""
    assert "decimal" in read(f"/{ID}/video.m3u8", "_HLS_msn=x").fault
    assert read(f"/{ID}/video/1.m4s", "_HLS_msn=x").fault == ""


def test_base_leads_from_any_path_to_the_broadcast() -> None:
    """Under its own plain id playlists are beside; from a livestream's or a dashed path they are next door."""
    assert read(f"/{ID}/index.m3u8", "").base(ID) == ""
    assert read(f"/{DASHED}/index.m3u8", "").base(ID) == f"../{ID}/"
