"""What caches in front are told: media for ever, playlists for a moment, and what is not there yet hardly at all."""

import gzip

import pytest

from services.packager.http import Response
from services.packager.origin import answers


def fields(response: Response, *, gzipped: bool = False) -> dict[str, str]:
    """Header fields as a client gets them."""
    _, *lines = response.form_for(accepts_gzip=gzipped).head.decode().split("\r\n")
    return dict(line.split(": ", 1) for line in lines if line)


def test_media_may_be_kept_for_ever_and_read_in_ranges() -> None:
    """A URI of media always means the same bytes."""
    found = fields(answers.media([b"moof", b"mdat"], etag=answers.tag("b" * 32, "video/7.m4s")))

    assert found["cache-control"] == "public, max-age=31536000, immutable"
    assert (found["content-type"], found["content-length"]) == ("video/mp4", "8")
    assert (found["accept-ranges"], found["etag"]) == ("bytes", '"bbbbbbbb-video/7.m4s"')


def test_tag_tells_media_and_broadcasts_apart() -> None:
    """Two segments of one broadcast, or one number of two broadcasts, are not taken for each other."""
    tags = {answers.tag(broadcast, path) for broadcast in ("a" * 32, "b" * 32) for path in ("v/1.m4s", "v/2.m4s")}

    assert len(tags) == 4


@pytest.mark.parametrize(("seconds", "cache"), [(0, "no-cache"), (1, "public, max-age=1"), (60, "public, max-age=60")])
def test_playlist_is_kept_as_long_as_it_is_true(seconds: int, cache: str) -> None:
    """Plain or compressed it is the same playlist, and a cache keeps both apart."""
    playlist = answers.playlist(b"#EXTM3U\n" * 50, max_age_s=seconds)

    for is_gzipped in (False, True):
        found = fields(playlist, gzipped=is_gzipped)
        assert (found["cache-control"], found["vary"]) == (cache, "accept-encoding")
        assert found["content-type"] == "application/vnd.apple.mpegurl"
    assert gzip.decompress(b"".join(map(bytes, playlist.form_for(accepts_gzip=True).body))) == b"#EXTM3U\n" * 50
    assert fields(playlist, gzipped=True)["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("response", "status", "cache"),
    [
        (answers.not_there(), 404, "public, max-age=1"),
        (answers.not_there(4), 404, "public, max-age=4"),
        (answers.not_live(), 204, "public, max-age=1"),
        (answers.bad("_HLS_msn is far ahead"), 400, "no-store"),
    ],
)
def test_what_may_change_any_moment_is_hardly_kept(response: Response, status: int, cache: str) -> None:
    """A part that is to come, or a livestream that is about to begin, is asked for again soon."""
    assert (response.status, fields(response)["cache-control"]) == (status, cache)


def test_bad_request_says_what_is_wrong_and_breaks_no_line() -> None:
    """The text stands in the body, whatever a stranger has put into his query."""
    response = answers.bad("_HLS_msn: 'x\r\nset-cookie: y'")

    assert b"_HLS_msn" in b"".join(map(bytes, response.plain.body))
    assert "set-cookie" not in fields(response)


def test_page_keeps_its_policy() -> None:
    """A browser guesses no type and loads from nowhere else."""
    found = fields(answers.page(b"<!doctype html>", "text/html", max_age_s=60, policy="default-src 'self'"))

    assert found["content-security-policy"] == "default-src 'self'"
    assert (found["x-content-type-options"], found["cache-control"]) == ("nosniff", "public, max-age=60")
    assert "content-security-policy" not in fields(answers.page(b"x", "text/css", max_age_s=60))
