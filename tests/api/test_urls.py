"""Addresses that callers are given."""

from services.api.urls import Urls


def test_addresses_of_one_thing_begin_alike() -> None:
    """Playlist, thumbnail, file and captions of an id stand below it."""
    urls = Urls("rtmp://h/live", "http://h:8088")

    assert [urls.playouts("a")[0].url, urls.thumbnail("a"), urls.download("a", "MP4"), urls.caption("a", "de")] == [
        "http://h:8088/a/index.m3u8",
        "http://h:8088/a/thumbnails/thumbnail.jpg",
        "http://h:8088/a/download/mp4",
        "http://h:8088/a/captions/de.vtt",
    ]
