"""The URLs that are handed out, and where the others are looked for."""

import pytest

from services.api.settings import Settings
from services.common.ports import grpc_port


def settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(f"HEADWATER_{name.upper()}", value)
    return Settings()


def test_urls_are_made_of_public_host_and_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The offset moves them, and an IPv6 address is bracketed."""
    found = settings(monkeypatch, public_host="::1", port_offset="100")

    assert (found.rtmp_url, found.playback_url) == ("rtmp://[::1]:2035/live", "http://[::1]:8188")


def test_ports_that_ingest_and_origin_were_given_are_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who moves a port moves the URL, too."""
    found = settings(monkeypatch, rtmp_port="5000", origin_port="80", port_offset="7")

    assert (found.rtmp_url, found.playback_url) == ("rtmp://127.0.0.1:5000/live", "http://127.0.0.1:80")


def test_public_urls_of_a_cluster_stand_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy has names and ports of its own; a slash at the end is dropped."""
    urls = {"public_rtmp_url": "rtmp://in.example/live", "public_playback_url": "https://watch.example/hls/"}

    found = settings(monkeypatch, **urls)

    assert (found.rtmp_url, found.playback_url) == ("rtmp://in.example/live", "https://watch.example/hls")


def test_other_programs_are_looked_for_by_the_port_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has the next port, moved by the offset."""
    found = settings(monkeypatch, port_offset="1000")

    expected = (grpc_port("archiver") + 1000, grpc_port("stats") + 1000)
    assert (found.archiver_address.port, found.stats_address.port) == expected
    assert (found.ingest_ops_url, found.origin_ops_url) == ("http://127.0.0.1:10465", "http://127.0.0.1:10467")
