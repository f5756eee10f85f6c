"""Addresses in the products' manner."""

import pytest

from services.api.dialects.addresses import DASH, HLS, WATCH, beside, server


@pytest.mark.parametrize("path", [HLS, DASH, WATCH])
def test_other_paths_are_of_the_same_id(path: str) -> None:
    """Behind whatever playback URLs begin with; nothing stays nothing."""
    assert beside("https://watch.example/hls/ab12/index.m3u8", path) == f"https://watch.example/hls/ab12/{path}"
    assert beside("", path) == ""


@pytest.mark.parametrize("url", ["rtmp://h:1935/live", "rtmp://h:1935/live/"])
def test_stream_key_can_be_written_behind_a_server(url: str) -> None:
    """One slash, whether there was one or not; nothing stays nothing."""
    assert (server(url), server("")) == ("rtmp://h:1935/live/", "")
