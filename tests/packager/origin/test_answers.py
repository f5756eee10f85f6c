"""Answers: what is kept for many is compressed well, what one viewer alone gets is cheap."""

import gzip

from services.packager.hls.render import DeltaRequest
from services.packager.http import Response
from services.packager.origin import answers
from services.packager.origin.playlist_answers import PlaylistAnswers, Wanted
from tests.packager.origin.logged import Origin, logged
from tests.packager.program.encoder import encode, messages


def _sent(response: Response) -> tuple[bytes, bytes | None]:
    compressed = None if response.compressed is None else b"".join(response.compressed.body)
    return b"".join(response.plain.body), compressed


def test_shared_playlist_is_compressed_however_short() -> None:
    """It is made once and sent to everybody."""
    body, compressed = _sent(answers.playlist(b"#EXTM3U\n" * 20, max_age_s=1))
    assert compressed is not None
    assert gzip.decompress(compressed) == body


def test_own_playlist_is_sent_as_it_is() -> None:
    """With the same head but for the coding."""
    shared, own = (make(b"#EXTM3U\n", max_age_s=1) for make in (answers.playlist, answers.own_playlist))
    assert own.compressed is None
    assert _sent(own)[0] == _sent(shared)[0]
    assert b"cache-control: public, max-age=1\r\n" in own.plain.head


def test_long_own_playlist_is_compressed() -> None:
    """A long token after each of many URIs would be most of what a viewer fetches."""
    body, compressed = _sent(answers.own_playlist(b"a.m4s?token=x\n" * 1000, max_age_s=1))
    assert compressed is not None
    assert gzip.decompress(compressed) == body
    assert len(compressed) < len(body) / 10


def test_live_playlists_are_cheap_for_who_has_a_query_of_his_own() -> None:
    """What others get stays compressed, and the query stands after each URI."""
    logs, origin = logged(messages(encode(seconds=5), connection=5), end=False), Origin()
    for place in range(len(logs.ticks)):
        origin.feed(logs, place)
    track, made = origin.program.tracks[1], PlaylistAnswers(origin.program)
    for query in ("", "token=x"):
        media = made.media(track, Wanted(track.name, DeltaRequest.NONE, query, 1, is_at_edge=False))
        for answer in (media, made.multivariant("", query)):
            body, compressed = _sent(answer)
            assert (compressed is None, b"?token=x" in body) == (bool(query), bool(query))
